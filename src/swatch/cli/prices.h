/*
 * cli/prices: loads the prices in force for a command.
 *
 * For: the reports that read the transcripts themselves, swatch pricing and swatch verify.
 */
#ifndef SWATCH_SWATCH_CLI_PRICES_H
#define SWATCH_SWATCH_CLI_PRICES_H

#include "price/load.h"
#include "swatch/cli/command.h"

/*
 * Loads the prices. Returns SWATCH_OK, or the exit status after an error message. Call prices_release() in
 * either case.
 */
int command_load_prices(const struct invocation *invocation, struct prices *prices);

#endif
