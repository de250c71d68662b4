#include "swatch/cli/prices.h"

#include "swatch/ui/terminal.h"

int command_load_prices(const struct invocation *invocation, struct prices *prices)
{
	AUTO_BUF error = BUF_INIT;
	if (prices_load(prices, invocation->config_option, &error))
		return SWATCH_OK;
	if (error.len == 0) {
		terminal_error("cannot tell which prices are in force: %s", buf_message(&error));
		return SWATCH_FAILED;
	}
	terminal_error("%s; mend it, or move it away to use the compiled-in prices", buf_message(&error));
	return SWATCH_USAGE;
}
