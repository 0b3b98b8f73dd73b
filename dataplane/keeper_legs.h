/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
/*
 * What the keeper does about legs: what control orders for one, what a worker saw of one, and what time
 * brings.
 */
#include "shared/message.h"

struct cv_keeper;
struct cv_notice;

/* LEG_CHANGE, LEG_TOKEN, LEG_VOUCH, LEG_PROVE. */
void cv_keeper_leg_order(struct cv_keeper *keeper, const struct cv_message *request);

/* A worker's notice of a leg. */
void cv_keeper_leg_notice(struct cv_keeper *keeper, const struct cv_notice *notice);

/* Proofs and their challenges, former legs: once a turn. */
void cv_keeper_age_legs(struct cv_keeper *keeper);
