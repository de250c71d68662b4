#include "ccusage/run.h"

#include "program/capture.h"
#include "sandbox/sandbox.h"

void ccusage_run(const struct config *config, const char *path, char *const *argv, int64_t timeout_ms,
		 struct run *run)
{
	static bool is_prepared;
	struct spawn_confinement confinement;
	AUTO_BUF refusal = BUF_INIT;
	if (!is_prepared) {
		const struct sandbox_rules rules = sandbox_rules_of(config);
		sandbox_prepare(&rules);
		is_prepared = true;
	}
	const struct capture capture = { .path = path, .argv = argv, .timeout_ms = timeout_ms,
					 .memory_limit_bytes = config->ccusage_memory_limit_bytes,
					 .confinement = &confinement };
	if (sandbox_confine(SANDBOX_REFRESH, &confinement, &refusal))
		capture_confined(&capture, run);
	else
		run_refuse_start(run, &refusal);
}

const char *ccusage_run_hint(const struct run *run, char *const *argv)
{
	bool ran = run->outcome != RUN_NOT_STARTED && run->outcome != RUN_INTERRUPTED;
	return ran ? sandbox_hint(SANDBOX_REFRESH, argv, buf_str(&run->err)) : "";
}

void ccusage_run_describe(const struct run *run, char *const *argv, struct buf *out)
{
	run_describe(run, out);
	buf_append_str(out, ccusage_run_hint(run, argv));
}
