# The compiler's calls, as `make -n V=1` shows them, as a compile_commands.json; -v top=SOURCES -v directory=BUILD-DIR.
# A file that is compiled twice is there once.
function quoted(text,    i, out, c) {
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		out = out (c == "\\" || c == "\"" ? "\\" : "") c
	}
	return "\"" out "\""
}
/ -c -o [^ ]+ / {
	# Ours needs none of these, and cppcheck does not read the one with a space in it.
	gsub(/ -DPACKAGE_[^ ]*(\\ [^ ]*)?/, "")
	# cppcheck does not know this way of quoting.
	gsub(/'"/, "\\\"")
	gsub(/"'/, "\\\"")
	sub(/`test -f [^`]*`/, top "/")
	file = $NF
	if (seen[file]++)
		next
	printf "%s{\"directory\": %s, \"file\": %s, \"command\": %s}", n++ ? ",\n" : "[\n", quoted(directory),
		quoted(file), quoted($0)
}
END { print n ? "\n]" : "[]" }
