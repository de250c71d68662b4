# The long night of tests/night, one minute of it: real sessions, statuslines and clients, one fault after the
# other, and the real ccusage. It guards what only weeks of use would show: memory, descriptors and latency
# that creep up. --full only.
load helper

@test "a minute of the long night: memory, descriptors and latency stay, every figure is a fresh start's and ccusage's" {
	"$SWATCH_BUILD_DIR/tests/night/night" --build "$SWATCH_BUILD_DIR" --ccusage "$CCUSAGE20_NPM" --minutes 1 --history 20M
}
