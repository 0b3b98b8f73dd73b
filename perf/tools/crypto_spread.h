/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What becomes of sealing when packets are of many sessions: keys in random order, with a schedule for each
 * key, and with so few that every key must be expanded anew.
 */

/*
 * Prints a JSON object, one a line, for each number of keys and size; ends the program when there is no
 * memory.
 */
void crypto_spread(unsigned rounds);
