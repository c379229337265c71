/*
 * sanitized.h: SANITIZED is 1 in a build that checks addresses or threads.
 * That is 10 times slower, so tests of chance draw less there: what it looks
 * for shows in the first thousand draws, and the release build checks the law.
 */
#ifndef GVR_SANITIZED_H
#define GVR_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#endif
