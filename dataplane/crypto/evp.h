/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* OpenSSL, on any CPU. */
#include "engine.h"

extern const struct cv_crypto_engine cv_engine_evp;
