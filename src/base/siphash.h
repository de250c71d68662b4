/*
 * siphash: SipHash-2-4, a 64-bit hash of bytes under a secret key. Without the key nobody can tell which
 * bytes a hash is of, not even by trying all that come to mind.
 *
 * For: ledger/store/folders.c, which keeps it in place of names.
 */
#ifndef SWATCH_BASE_SIPHASH_H
#define SWATCH_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_BYTES 16

uint64_t siphash(const uint8_t key[SIPHASH_KEY_BYTES], const void *bytes, size_t len);

#endif
