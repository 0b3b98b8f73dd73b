/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* libipsec-mb, on x86 with SSE4.2, AES-NI and PCLMULQDQ. */
#include "engine.h"

extern const struct cv_crypto_engine cv_engine_ipsec_mb;
