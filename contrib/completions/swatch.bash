# bash completion for swatch and swatchd; made by generate.sh from commands.tsv

_swatch_names()
{
	local name
	while IFS=$'\t' read -r name _; do
		[[ $name != "$current"* ]] || COMPREPLY+=("$name")
	done < <(command swatch __complete "$1" 2>/dev/null)
}

_swatch()
{
	local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command='' i
	COMPREPLY=()
	case $before in
	--config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
	--cache) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
	--sort) mapfile -t COMPREPLY < <(compgen -W 'activity cost rate context tokens agents model name' -- "$current"); return ;;
	--format) :; return ;;
	--preset) mapfile -t COMPREPLY < <(compgen -W 'ccusage compact full powerline plain' -- "$current"); return ;;
	--timezone) mapfile -t COMPREPLY < <(compgen -W 'local UTC' -- "$current"); return ;;
	--threads) mapfile -t COMPREPLY < <(compgen -W '1 2 4 8' -- "$current"); return ;;
	--since) mapfile -t COMPREPLY < <(compgen -W 'today yesterday 7d 30d' -- "$current"); return ;;
	--until) mapfile -t COMPREPLY < <(compgen -W 'today yesterday 7d 30d' -- "$current"); return ;;
	--project) _swatch_names project; return ;;
	--cursor) :; return ;;
	--ccusage) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
	--before) mapfile -t COMPREPLY < <(compgen -W '30d 365d 730d' -- "$current"); return ;;
	--session) _swatch_names session; return ;;
	--command) :; return ;;
	--block) mapfile -t COMPREPLY < <(compgen -W '10usd 20usd 40usd 80usd' -- "$current"); return ;;
	--today) mapfile -t COMPREPLY < <(compgen -W '20usd 50usd 100usd 200usd' -- "$current"); return ;;
	--five-hour) mapfile -t COMPREPLY < <(compgen -W '70 80 85 90 95' -- "$current"); return ;;
	--seven-day) mapfile -t COMPREPLY < <(compgen -W '70 80 85 90 95' -- "$current"); return ;;
	--limit) mapfile -t COMPREPLY < <(compgen -W '70 80 85 90 95' -- "$current"); return ;;
	--context) mapfile -t COMPREPLY < <(compgen -W '60 70 80 90' -- "$current"); return ;;
	--check) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
	esac
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--config|--cache|--sort|--format|--preset|--timezone|--threads|--since|--until|--project|--cursor|--ccusage|--before|--session|--command|--block|--today|--five-hour|--seven-day|--limit|--context|--check) ((i++)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $command in
	'') mapfile -t COMPREPLY < <(compgen -W 'status top statusline blocks daily weekly monthly sessions history export import backup purge reprice pricing verify doctor check config setup refresh expire events sync rescan version help --config --cache --version --help' -- "$current") ;;
	status) mapfile -t COMPREPLY < <(compgen -W '--verbose --json --help' -- "$current") ;;
	top) mapfile -t COMPREPLY < <(compgen -W '--sort --reverse --active --help' -- "$current") ;;
	statusline) mapfile -t COMPREPLY < <(compgen -W '--format --preset --subagents --preview --check-format --help' -- "$current") ;;
	blocks) mapfile -t COMPREPLY < <(compgen -W '--active --recent --json --timezone --live-only --threads --help' -- "$current") ;;
	daily) mapfile -t COMPREPLY < <(compgen -W '--json --since --until --timezone --project --breakdown --live-only --threads --help' -- "$current") ;;
	weekly) mapfile -t COMPREPLY < <(compgen -W '--json --since --until --timezone --project --breakdown --live-only --threads --help' -- "$current") ;;
	monthly) mapfile -t COMPREPLY < <(compgen -W '--json --since --until --timezone --project --breakdown --live-only --threads --help' -- "$current") ;;
	sessions) mapfile -t COMPREPLY < <(compgen -W '--json --since --until --timezone --project --breakdown --live-only --threads --help' -- "$current") ;;
	history) mapfile -t COMPREPLY < <(compgen -W '--json --help' -- "$current") ;;
	export) mapfile -t COMPREPLY < <(compgen -W '--since --format --messages --cursor --help' -- "$current") ;;
	import) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -W '--ccusage --stats-cache --help' -- "$current") ;;
	backup) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -W '--help' -- "$current") ;;
	purge) mapfile -t COMPREPLY < <(compgen -W '--project --before --session --dry-run --yes --help' -- "$current") ;;
	reprice) mapfile -t COMPREPLY < <(compgen -W '--since --dry-run --yes --help' -- "$current") ;;
	pricing) mapfile -t COMPREPLY < <(compgen -W '--all --json --help' -- "$current") ;;
	verify) mapfile -t COMPREPLY < <(compgen -W '--command --json --timezone --threads --help' -- "$current") ;;
	doctor) mapfile -t COMPREPLY < <(compgen -W '--json --help' -- "$current") ;;
	check) mapfile -t COMPREPLY < <(compgen -W '--block --today --five-hour --seven-day --limit --context --session --stdin --hook --stale-ok --json --quiet --help' -- "$current") ;;
	config) mapfile -t COMPREPLY < <(compgen -W '--check --defaults --json --help' -- "$current") ;;
	setup) mapfile -t COMPREPLY < <(compgen -W '--yes --dry-run --undo --help' -- "$current") ;;
	refresh) mapfile -t COMPREPLY < <(compgen -W '--wait --help' -- "$current") ;;
	expire) mapfile -t COMPREPLY < <(compgen -W '--dry-run --help' -- "$current") ;;
	events) mapfile -t COMPREPLY < <(compgen -W '--json --help' -- "$current") ;;
	sync) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$current") ;;
	rescan) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$current") ;;
	version) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$current") ;;
	help) mapfile -t COMPREPLY < <(compgen -W 'status top statusline blocks daily weekly monthly sessions history export import backup purge reprice pricing verify doctor check config setup refresh expire events sync rescan version help --help' -- "$current") ;;
	esac
}
complete -F _swatch swatch

_swatchd()
{
	local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command='' i
	COMPREPLY=()
	case $before in
	--config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
	--cache) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
	--log-level) mapfile -t COMPREPLY < <(compgen -W 'error warning info debug' -- "$current"); return ;;
	esac
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--config|--cache|--log-level) ((i++)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $command in
	'') mapfile -t COMPREPLY < <(compgen -W '--once --wait --no-refresh --config --cache --log-level --version --help' -- "$current") ;;
	esac
}
complete -F _swatchd swatchd

