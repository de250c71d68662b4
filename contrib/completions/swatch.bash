# bash completion for swatch and swatchd; made by generate.sh from commands.tsv

_swatch()
{
	local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command='' i
	COMPREPLY=()
	case $before in
	--config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
	--cache) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
	esac
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--config|--cache) ((i++)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $command in
	'') mapfile -t COMPREPLY < <(compgen -W 'status refresh expire events sync rescan help --config --cache --version --help' -- "$current") ;;
	status) mapfile -t COMPREPLY < <(compgen -W '--json --help' -- "$current") ;;
	refresh) mapfile -t COMPREPLY < <(compgen -W '--wait --help' -- "$current") ;;
	expire) mapfile -t COMPREPLY < <(compgen -W '--dry-run --help' -- "$current") ;;
	events) mapfile -t COMPREPLY < <(compgen -W '--json --help' -- "$current") ;;
	sync) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$current") ;;
	rescan) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$current") ;;
	help) mapfile -t COMPREPLY < <(compgen -W 'status refresh expire events sync rescan help --help' -- "$current") ;;
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

