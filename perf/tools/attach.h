/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/* What a benchmark that plays control's part needs before anything else. */
#include "link/dataplane_link.h"

/*
 * Attaches to the data plane that has this socket, or is about to make it. 0 or a negative errno; *link is
 * to be closed in either case.
 */
int bench_attach(struct cv_dataplane_link **link, const char *path);
