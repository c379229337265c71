// ring_fs.cc: a rocksdb::FileSystem whose tables are read through ring_pread.
// The one C++ file, for public headers of RocksDB that have no C twin.
#include "engines/store/ring_fs.h"

#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <string>
#include <unistd.h>
#include <utility>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/utilities/object_registry.h>

extern "C" {
#include "engines/store/direct.h"
#include "engines/store/ring.h"
}

namespace
{

using rocksdb::FileOptions;
using rocksdb::FSRandomAccessFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// "strerror" is what sst.c finds the errno by.
IOStatus io_error(const std::string &path, int err)
{
	return IOStatus::IOError(path, strerror(err));
}

class RingFile : public FSRandomAccessFile
{
      public:
	RingFile(std::string path, int fd, size_t alignment)
	    : path_(std::move(path)), fd_(fd), alignment_(alignment)
	{
	}

	~RingFile() override
	{
		close(fd_);
	}

	// RocksDB is not told that the file is read with O_DIRECT: it would read
	// into memory of its own and copy from there, twice. What is returned
	// here need not lie in scratch, and RocksDB then uses it where it is.
	IOStatus Read(uint64_t offset, size_t n, const IOOptions &, rocksdb::Slice *result,
		      char *scratch, IODebugContext *) const override
	{
		const uint8_t *bytes;
		ssize_t got = ring_read_lent(fd_, alignment_, scratch, n,
					     static_cast<off_t>(offset), &bytes);
		if (got < 0)
			return io_error(path_, static_cast<int>(-got));
		*result = rocksdb::Slice(reinterpret_cast<const char *>(bytes),
					 static_cast<size_t>(got));
		return IOStatus::OK();
	}

      private:
	const std::string path_;
	const int fd_;
	const size_t alignment_;
};

class NoLogger : public rocksdb::Logger
{
      public:
	NoLogger() : Logger(rocksdb::InfoLogLevel::FATAL_LEVEL)
	{
	}

	using Logger::Logv;
	void Logv(const char *, va_list) override
	{
	}
};

bool is_table(const std::string &path)
{
	return path.size() >= 4 && path.compare(path.size() - 4, 4, ".sst") == 0;
}

class RingFileSystem : public rocksdb::FileSystemWrapper
{
      public:
	RingFileSystem(const std::shared_ptr<rocksdb::FileSystem> &base, bool direct)
	    : FileSystemWrapper(base), direct_(direct)
	{
	}

	const char *Name() const override
	{
		return direct_ ? "gvr_ring_direct" : "gvr_ring";
	}

	IOStatus NewRandomAccessFile(const std::string &path, const FileOptions &options,
				     std::unique_ptr<FSRandomAccessFile> *result,
				     IODebugContext *dbg) override
	{
		if (!is_table(path))
			return FileSystemWrapper::NewRandomAccessFile(path, options, result, dbg);
		int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | (direct_ ? O_DIRECT : 0));
		if (fd < 0)
			return io_error(path, errno);
		if (!direct_) // single values, far apart: reading ahead is waste
			posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
		size_t alignment = 1;
		struct error e;
		if (direct_ && direct_alignment(&alignment, fd, path.c_str(), &e) != 0) {
			close(fd);
			return IOStatus::IOError(e.text);
		}
		*result = std::make_unique<RingFile>(path, fd, alignment);
		return IOStatus::OK();
	}

	// Tables are written once, and not read soon: past the page cache, which
	// would be filled and emptied at the speed of memory, not of the device.
	IOStatus NewWritableFile(const std::string &path, const FileOptions &options,
				 std::unique_ptr<rocksdb::FSWritableFile> *result,
				 IODebugContext *dbg) override
	{
		FileOptions o = options;
		o.use_direct_writes = direct_ && is_table(path);
		return FileSystemWrapper::NewWritableFile(path, o, result, dbg);
	}

	// RocksDB's LOG would be counted as bytes at rest, and a reader's would
	// be written into a store that others read.
	IOStatus NewLogger(const std::string &, const IOOptions &,
			   std::shared_ptr<rocksdb::Logger> *result, IODebugContext *) override
	{
		*result = std::make_shared<NoLogger>();
		return IOStatus::OK();
	}

      private:
	const bool direct_;
};

// Kept until the process ends: RocksDB's threads may outlive any store.
rocksdb::Env *ring_env(bool direct)
{
	static rocksdb::Env *envs[2];
	static std::once_flag once;
	std::call_once(once, [] {
		for (int i = 0; i < 2; i++)
			envs[i] = rocksdb::NewCompositeEnv(
					  std::make_shared<RingFileSystem>(
						  rocksdb::FileSystem::Default(), i == 1))
					  .release();
	});
	return envs[direct];
}

} // namespace

rocksdb_t *ring_fs_open(const rocksdb_options_t *options, const char *path, bool read_only,
			char **message)
{
	try {
		return read_only ? rocksdb_open_for_read_only(options, path, 0, message)
				 : rocksdb_open(options, path, message);
	} catch (const std::exception &e) {
		*message = strdup((std::string("cannot start RocksDB: ") + e.what()).c_str());
		return nullptr;
	}
}

// What RocksDB throws where nothing can catch it: it has no memory, or no
// thread, for its thread pools.
[[noreturn]] static void give_up()
{
	static const char text[] = "gvr: RocksDB gave up, out of memory or of threads; raise the "
				   "limits (ulimit -v, ulimit -u)\n";
	ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
	(void)written;
	_exit(1);
}

const char *ring_fs_options(bool direct)
{
	static std::once_flag once;
	std::call_once(once, [] {
		std::set_terminate(give_up);
		auto library = rocksdb::ObjectLibrary::Default();
		auto make = [](bool is_direct) {
			return [is_direct](const std::string &, std::unique_ptr<rocksdb::Env> *,
					   std::string *) { return ring_env(is_direct); };
		};
		library->AddFactory<rocksdb::Env>("gvr_ring", make(false));
		library->AddFactory<rocksdb::Env>("gvr_ring_direct", make(true));
	});
	return direct ? "env=gvr_ring_direct" : "env=gvr_ring";
}
