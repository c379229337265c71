/*
 * without_io_uring.c: runs a command for which the kernel forbids io_uring,
 * as container runtimes do: io_uring_setup fails with EPERM, or with ERRNO.
 *
 * usage: without_io_uring [ERRNO] COMMAND...
 */
#include <ctype.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	bool numbered = argc > 1 && isdigit((unsigned char)argv[1][0]);
	unsigned error = numbered ? (unsigned)strtoul(argv[1], NULL, 10) : EPERM;
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof rules / sizeof rules[0], .filter = rules};

	argv += numbered ? 2 : 1;
	if (*argv == NULL)
		return 2;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
		perror("without_io_uring");
		return 1;
	}
	execv(argv[0], argv);
	perror(argv[0]);
	return 1;
}
