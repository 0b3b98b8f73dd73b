/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * MESSAGE: from one instance to another, by way of its control stream. Nothing of it is kept but what waits
 * there.
 */
#include "peer.h"

void messages_take(struct peer *sender, const struct cv_capsule *capsule);
