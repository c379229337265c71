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
	RingFile(std::string path, int fd, bool direct, size_t alignment)
	    : path_(std::move(path)), fd_(fd), direct_(direct), alignment_(alignment)
	{
	}

	~RingFile() override
	{
		close(fd_);
	}

	IOStatus Read(uint64_t offset, size_t n, const IOOptions &, rocksdb::Slice *result,
		      char *scratch, IODebugContext *) const override
	{
		ssize_t got = ring_pread(fd_, scratch, n, static_cast<off_t>(offset));
		if (got < 0)
			return io_error(path_, static_cast<int>(-got));
		*result = rocksdb::Slice(scratch, static_cast<size_t>(got));
		return IOStatus::OK();
	}

	bool use_direct_io() const override
	{
		return direct_;
	}

	size_t GetRequiredBufferAlignment() const override
	{
		return alignment_;
	}

      private:
	const std::string path_;
	const int fd_;
	const bool direct_;
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

class RingFileSystem : public rocksdb::FileSystemWrapper
{
      public:
	explicit RingFileSystem(const std::shared_ptr<rocksdb::FileSystem> &base)
	    : FileSystemWrapper(base)
	{
	}

	const char *Name() const override
	{
		return "gvr_ring";
	}

	// The base opens it too, and says how its device wants reads aligned.
	IOStatus NewRandomAccessFile(const std::string &path, const FileOptions &options,
				     std::unique_ptr<FSRandomAccessFile> *result,
				     IODebugContext *dbg) override
	{
		std::unique_ptr<FSRandomAccessFile> file;
		IOStatus s = FileSystemWrapper::NewRandomAccessFile(path, options, &file, dbg);
		if (!s.ok())
			return s;
		if (path.size() < 4 || path.compare(path.size() - 4, 4, ".sst") != 0) {
			*result = std::move(file);
			return s;
		}
		bool direct = options.use_direct_reads;
		int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | (direct ? O_DIRECT : 0));
		if (fd < 0)
			return io_error(path, errno);
		if (!direct) // single values, far apart: reading ahead is waste
			posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
		size_t alignment = file->GetRequiredBufferAlignment();
		*result = std::make_unique<RingFile>(path, fd, direct, alignment);
		return s;
	}

	// RocksDB's LOG would be counted as bytes at rest, and a reader's would
	// be written into a store that others read.
	IOStatus NewLogger(const std::string &, const IOOptions &,
			   std::shared_ptr<rocksdb::Logger> *result, IODebugContext *) override
	{
		*result = std::make_shared<NoLogger>();
		return IOStatus::OK();
	}
};

// Kept until the process ends: RocksDB's threads may outlive any store.
rocksdb::Env *ring_env()
{
	static rocksdb::Env *env = rocksdb::NewCompositeEnv(std::make_shared<RingFileSystem>(
								    rocksdb::FileSystem::Default()))
					   .release();
	return env;
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

const char *ring_fs_options(void)
{
	static std::once_flag once;
	std::call_once(once, [] {
		rocksdb::ObjectLibrary::Default()->AddFactory<rocksdb::Env>(
			"gvr_ring", [](const std::string &, std::unique_ptr<rocksdb::Env> *,
				       std::string *) { return ring_env(); });
	});
	return "env=gvr_ring";
}
