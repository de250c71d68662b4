#include "secret/kinds.h"

const char *secret_kind_name(enum secret_kind kind)
{
	static const char *const names[SECRET_KINDS] = {
		[SECRET_ANTHROPIC] = "Anthropic key",
		[SECRET_OPENAI] = "OpenAI key",
		[SECRET_OPENROUTER] = "OpenRouter key",
		[SECRET_GROQ] = "Groq key",
		[SECRET_XAI] = "xAI key",
		[SECRET_HUGGING_FACE] = "Hugging Face token",
		[SECRET_GITHUB] = "GitHub token",
		[SECRET_GITLAB] = "GitLab token",
		[SECRET_AWS] = "AWS key",
		[SECRET_GOOGLE] = "Google key",
		[SECRET_SLACK] = "Slack token",
		[SECRET_STRIPE] = "Stripe key",
		[SECRET_SENDGRID] = "SendGrid key",
		[SECRET_NPM] = "npm token",
		[SECRET_PYPI] = "PyPI token",
		[SECRET_DOCKER] = "Docker token",
		[SECRET_JWT] = "JSON web token",
		[SECRET_PRIVATE_KEY] = "private key",
	};
	return names[kind];
}
