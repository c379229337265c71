# json_paths.awk: a JSON file as gvr writes it (one value a line) as lines
# "path value": "engines.retrieve.cpu.us_per_request 145.2". Items of arrays are
# numbered from 0.
function leave() { depth--; }
{
	line = $0
	sub(/^ */, "", line)
	sub(/,$/, "", line)
	if (line == "}" || line == "]") { leave(); next }
	key = ""
	if (match(line, /^"([^"\\]|\\.)*": /)) {
		key = substr(line, 2, RLENGTH - 4)
		line = substr(line, RLENGTH + 1)
	} else if (depth > 0 && is_array[depth])
		key = count[depth]++
	path = depth > 0 && name[depth] != "" ? name[depth] "." key : key
	if (line == "{" || line == "[") {
		depth++
		name[depth] = path
		is_array[depth] = line == "["
		count[depth] = 0
		next
	}
	gsub(/^"|"$/, "", line)
	print path " " line
}
