#include "transcript/names.h"
#include <stdlib.h>

/* Both are sorted for the search. */
static const char *const known_fields[] = {
	"advisorModel", "agentColor", "agentId", "agentName", "agentSetting", "aiTitle", "apiError", "apiErrorStatus",
	"attachment", "attributionSkill", "cause", "compactMetadata", "content", "costUSD", "customTitle", "cwd", "data",
	"durationMs", "effort", "entrypoint", "error", "forkedFrom", "gitBranch", "hasOutput", "hasUnknownModelCost",
	"hookCount", "hookErrors", "hookInfos", "imagePasteIds", "isAbortedMessage", "isApiErrorMessage",
	"isCompactSummary", "isMeta", "isSidechain", "isSnapshotUpdate", "isVisibleInTranscriptOnly", "lastPrompt",
	"leafUuid", "level", "logicalParentUuid", "maxRetries", "message", "messageId", "microcompactMetadata", "mode",
	"modelUsage", "operation", "origin", "parentToolUseID", "parentUuid", "permissionMode", "planContent",
	"prNumber", "prRepository", "prUrl", "preventedContinuation", "promptId", "quotaLimits", "requestId",
	"retryAttempt", "retryInMs", "sessionId", "sessionKind", "slug", "snapshot", "sourceToolAssistantUUID",
	"sourceToolUseID", "startTime", "stopReason", "subtype", "summary", "teamName", "thinkingMetadata", "timestamp",
	"todos", "toolUseID", "toolUseResult", "totalAPIDuration", "totalCostUSD", "totalDuration", "totalLinesAdded",
	"totalLinesRemoved", "type", "url", "userType", "uuid", "version",
};

static const char *const known_types[] = {
	"agent-color", "agent-name", "agent-setting", "ai-title", "assistant", "atis-latch", "attachment",
	"bridge-session", "cost-state", "custom-title", "file-history-delta", "file-history-snapshot", "last-prompt",
	"mode", "permission-mode", "pr-link", "progress", "queue-operation", "result", "started", "summary", "system",
	"tag", "user", "worktree-state",
};

static int compare_name(const void *key, const void *element)
{
	const struct slice *s = key;
	const char *name = *(const char *const *)element;
	int order = strncmp(s->data, name, s->len);
	return order == 0 && name[s->len] != '\0' ? -1 : order;
}

bool scan_field_is_known(struct slice name)
{
	return bsearch(&name, known_fields, sizeof(known_fields) / sizeof(known_fields[0]), sizeof(known_fields[0]),
		       compare_name);
}

bool scan_type_is_known(struct slice name)
{
	return bsearch(&name, known_types, sizeof(known_types) / sizeof(known_types[0]), sizeof(known_types[0]),
		       compare_name);
}
