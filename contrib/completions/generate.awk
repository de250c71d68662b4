# generate.awk: commands.tsv in, one shell's completion out; `shell` is the name of the file that is wanted.

/^#/ || NF == 0 { next }
NF != 5 { print FILENAME ":" FNR ": five columns are wanted" > "/dev/stderr"; bad = 1; exit 1 }

{
	rows++
	program[rows] = $1; command[rows] = $2; option[rows] = $3; argument[rows] = $4; text[rows] = $5
	if (!($1 in seen)) { seen[$1] = 1; programs[++program_count] = $1 }
	if ($2 != "-" && $3 == "-") { commands[++command_count] = $2; command_names = command_names (command_names ? " " : "") $2 }
}

function quoted(s) { gsub(/'/, "'\\''", s); return "'" s "'" }

# ---- bash ----

# The words that may stand after `name` of `of` ("-": before any command).
function bash_words(of, name,    i, words) {
	for (i = 1; i <= rows; i++)
		if (program[i] == of && command[i] == name && option[i] != "-")
			words = words (words ? " " : "") option[i]
	if (name != "-")
		words = words (words ? " " : "") "--help"
	return words
}

function bash_answer(compgen) { return "mapfile -t COMPREPLY < <(compgen " compgen " -- \"$current\")" }

function bash_argument(kind) {
	# Told to readline only where it is so: it would put a slash after a command that is also a folder's name.
	if (kind == "file") return "compopt -o filenames; " bash_answer("-f")
	if (kind == "dir") return "compopt -o filenames; " bash_answer("-d")
	if (kind == "text") return ":"
	if (kind == "session" || kind == "project") return "_swatch_names " kind
	if (kind == "command") kind = command_names
	return bash_answer("-W " quoted(kind))
}

# True once an option: several commands have the same one.
function is_new(use, of, name) { return !((use, of, name) in met) && (met[use, of, name] = 1) }

function bash_options_with_argument(of,    i) {
	for (i = 1; i <= rows; i++)
		if (program[i] == of && option[i] != "-" && argument[i] != "-" && is_new("value", of, option[i]))
			print "\t" option[i] ") " bash_argument(argument[i]) "; return ;;"
}

function bash_skip_pattern(of,    i, pattern) {
	for (i = 1; i <= rows; i++)
		if (program[i] == of && option[i] != "-" && argument[i] != "-" && is_new("skip", of, option[i]))
			pattern = pattern (pattern ? "|" : "") option[i]
	return pattern
}

function write_bash(    p, i, of) {
	print "# bash completion for swatch and swatchd; made by generate.sh from commands.tsv\n"
	# Not by compgen -W, which would run what a name has in $( ).
	print "_swatch_names()\n{\n\tlocal name"
	print "\twhile IFS=$'\\t' read -r name _; do"
	print "\t\t[[ $name != \"$current\"* ]] || COMPREPLY+=(\"$name\")"
	print "\tdone < <(command swatch __complete \"$1\" 2>/dev/null)\n}\n"
	for (p = 1; p <= program_count; p++) {
		of = programs[p]
		print "_" of "()\n{"
		print "\tlocal current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command='' i"
		print "\tCOMPREPLY=()"
		print "\tcase $before in"
		bash_options_with_argument(of)
		print "\tesac"
		print "\tfor ((i = 1; i < COMP_CWORD; i++)); do"
		print "\t\tcase ${COMP_WORDS[i]} in"
		print "\t\t" bash_skip_pattern(of) ") ((i++)) ;;"
		print "\t\t-*) ;;"
		print "\t\t*) command=${COMP_WORDS[i]}; break ;;"
		print "\t\tesac"
		print "\tdone"
		print "\tcase $command in"
		print "\t'') " bash_answer("-W " quoted((of == "swatch" ? command_names " " : "") bash_words(of, "-"))) " ;;"
		for (i = 1; i <= rows; i++)
			if (program[i] == of && command[i] != "-" && option[i] == "-")
				print "\t" command[i] ") " (argument[i] == "file" ? "compopt -o filenames; " : "") \
					bash_answer((argument[i] == "file" ? "-f " : "") "-W " quoted((argument[i] == "command" ? command_names " " : "") bash_words(of, command[i]))) " ;;"
		print "\tesac\n}"
		print "complete -F _" of " " of "\n"
	}
}

# ---- zsh ----

function zsh_escaped(s) { gsub(/\[/, "\\[", s); gsub(/\]/, "\\]", s); gsub(/:/, "\\:", s); return s }

function zsh_argument(kind) {
	if (kind == "-") return ""
	if (kind == "file") return ":file:_files"
	if (kind == "dir") return ":directory:_files -/"
	if (kind == "text") return ":text: "
	if (kind == "session" || kind == "project") return ":" kind ":_swatch_" kind "s"
	if (kind == "command") return ":command:(" command_names ")"
	return ":word:(" kind ")"
}

function zsh_options(of, name, indent,    i) {
	for (i = 1; i <= rows; i++)
		if (program[i] == of && command[i] == name && option[i] != "-")
			print indent quoted(option[i] "[" zsh_escaped(text[i]) "]" zsh_argument(argument[i])) " \\"
	if (name != "-")
		print indent quoted("--help[show the usage]") " \\"
}

function write_zsh(    i) {
	print "#compdef swatch swatchd"
	print "# zsh completion for swatch and swatchd; made by generate.sh from commands.tsv\n"
	print "_swatchd() {\n\t_arguments -s \\"
	zsh_options("swatchd", "-", "\t\t")
	print "\t\t&& return 0\n}\n"
	print "_swatch_names() {\n\tlocal kind=$1\n\tshift"
	print "\tlocal -a names=(${(f)\"$(command swatch __complete $kind 2>/dev/null)\"})"
	print "\tnames=(\"${names[@]//$'\\t'/:}\")\n\t_describe -t $kind $kind names \"$@\"\n}\n"
	print "_swatch_sessions() { _swatch_names session \"$@\" }"
	print "_swatch_projects() { _swatch_names project \"$@\" }\n"
	print "_swatch_commands() {\n\tlocal -a commands=("
	for (i = 1; i <= rows; i++)
		if (program[i] == "swatch" && command[i] != "-" && option[i] == "-")
			print "\t\t" quoted(command[i] ":" zsh_escaped(text[i]))
	print "\t)\n\t_describe command commands\n}\n"
	print "_swatch() {\n\tlocal context state state_descr line\n\ttypeset -A opt_args"
	print "\t_arguments -C \\"
	zsh_options("swatch", "-", "\t\t")
	print "\t\t'1:command:_swatch_commands' \\\n\t\t'*::argument:->argument' && return 0"
	print "\t[[ $state == argument ]] || return 1"
	print "\tcase $words[1] in"
	for (i = 1; i <= rows; i++) {
		if (program[i] != "swatch" || command[i] == "-" || option[i] != "-") continue
		print "\t" command[i] ")\n\t\t_arguments \\"
		zsh_options("swatch", command[i], "\t\t\t")
		if (argument[i] != "-")
			print "\t\t\t" quoted("1" zsh_argument(argument[i])) " \\"
		print "\t\t\t&& return 0\n\t\t;;"
	}
	print "\tesac\n\treturn 1\n}\n"
	print "case $service in\nswatchd) _swatchd \"$@\" ;;\n*) _swatch \"$@\" ;;\nesac"
}

# ---- fish ----

function fish_quoted(s) { gsub(/\\/, "\\\\", s); gsub(/'/, "\\'", s); return "'" s "'" }

function fish_argument(kind) {
	if (kind == "-") return ""
	if (kind == "file") return " -r -F"
	if (kind == "dir") return " -x -a '(__fish_complete_directories)'"
	if (kind == "text") return " -x"
	if (kind == "session" || kind == "project") return " -x -a '(command swatch __complete " kind " 2>/dev/null)'"
	if (kind == "command") kind = command_names
	return " -x -a " fish_quoted(kind)
}

function write_fish(    i, when) {
	print "# fish completion for swatch and swatchd; made by generate.sh from commands.tsv\n"
	print "complete -c swatch -f\ncomplete -c swatchd -f\n"
	for (i = 1; i <= rows; i++) {
		when = ""
		if (program[i] == "swatch" && (command[i] == "-" || option[i] == "-"))
			when = " -n " fish_quoted("not __fish_seen_subcommand_from " command_names)
		else if (program[i] == "swatch")
			when = " -n " fish_quoted("__fish_seen_subcommand_from " command[i])
		if (option[i] != "-")
			print "complete -c " program[i] when " -l " substr(option[i], 3) fish_argument(argument[i]) " -d " fish_quoted(text[i])
		else
			print "complete -c " program[i] when " -a " command[i] " -d " fish_quoted(text[i])
		if (option[i] == "-")
			print "complete -c " program[i] " -n " fish_quoted("__fish_seen_subcommand_from " command[i]) " -l help -d 'show the usage'"
		if (option[i] == "-" && argument[i] != "-")
			print "complete -c " program[i] " -n " fish_quoted("__fish_seen_subcommand_from " command[i]) fish_argument(argument[i])
	}
}

END {
	if (bad) exit 1
	if (shell == "swatch.bash") write_bash()
	else if (shell == "_swatch") write_zsh()
	else if (shell == "swatch.fish") write_fish()
	else { print "generate.awk: no shell has the file " shell > "/dev/stderr"; exit 1 }
}
