# gvr.bash: completion of gvr's command line in bash (no package needed):
#	source gvr.bash
# tests/cli/cli_help.sh holds the options here against gvr VERB --help.

_gvr_verbs="audit breakeven compare help init load probe report run sweep train verify"

_gvr_options() { # VERB
	case $1 in
	audit | load | verify) echo "--set --store --format --help" ;;
	breakeven) echo "--prices --platform --training-kwh --format --help" ;;
	compare) echo "--threshold --format --help" ;;
	init | report) echo "--out --help" ;;
	probe) echo "--wall-meter --calibrate --out --format --help" ;;
	run) echo "--set --store --out --wall-meter --format --help" ;;
	sweep) echo "--over --set --store --out --wall-meter --format --help" ;;
	train) echo "--out --generator --minutes --steps --threads --format --help" ;;
	esac
}

# What stands in front of the first "=" of --set and --over: of [workload], then of
# each engine of the workload file.
_gvr_settings() { # PROGRAM FILE
	local label
	"$1" help run 2>/dev/null | awk -v labels="$(
		sed -n 's/^[[:space:]]*\[engine[[:space:]]*"\{0,1\}\([A-Za-z0-9_.-]*\)"\{0,1\}[[:space:]]*\].*/\1/p' "$2" 2>/dev/null |
			tr '\n' ' '
	)" '
		/^\[engine/ { engines = 1 }
		/^  [a-z_]+ = / && !engines && keys { print "workload." $1 "=" }
		/^\[workload\]/ { keys = 1 }
		/^  [a-z_]+ = / && engines {
			count = split(labels, label, " ")
			for (i = 1; i <= count; i++)
				print label[i] "." $1 "="
		}'
}

# The first operand: a word after the verb that is no option nor an option's value.
_gvr_operand() {
	local i word
	for ((i = 2; i < ${#COMP_WORDS[@]}; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--calibrate | --help | -h) ;;
		-*)
			[[ ${COMP_WORDS[i + 1]} != = ]] || ((i++))
			((i++))
			# the value may hold an "=" of its own
			while [[ ${COMP_WORDS[i + 1]} == = ]]; do ((i += 2)); done
			;;
		*)
			printf '%s' "${word//\\/}"
			return
			;;
		esac
	done
}

_gvr_words() { # WORDS CURRENT
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_gvr_files() { # CURRENT COMPGEN-ARGUMENTS...: those files, and folders
	local current=$1
	shift
	mapfile -t COMPREPLY < <(
		[[ $# -eq 0 ]] || compgen "$@" -- "$current"
		compgen -d -- "$current"
	)
	compopt -o filenames 2>/dev/null
}

_gvr_value() { # PROGRAM OPTION CURRENT: of an option; false: it takes none
	case $2 in
	--format) _gvr_words "normal json" "$3" ;;
	--generator) _gvr_words "cm rnn" "$3" ;;
	--platform)
		_gvr_files "$3" -f -X '!*.ini'
		mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "server desktop laptop" -- "$3")
		;;
	--wall-meter)
		_gvr_words "file: command:" "$3"
		compopt -o nospace 2>/dev/null
		;;
	--set | --over)
		_gvr_words "$(_gvr_settings "$1" "$(_gvr_operand)")" "$3"
		compopt -o nospace 2>/dev/null
		;;
	--prices) _gvr_files "$3" -f -X '!*.ini' ;;
	--out | -o) _gvr_files "$3" -f ;;
	--store) _gvr_files "$3" ;;
	--minutes | --steps | --threads | --threshold | --training-kwh) ;;
	*) return 1 ;;
	esac
	return 0
}

_gvr_operands() { # VERB CURRENT
	case $1 in
	audit | load | run | sweep | verify) _gvr_files "$2" -f -X '!*.ini' ;;
	breakeven | compare | report) _gvr_files "$2" -f -X '!*.json' ;;
	init | train) _gvr_files "$2" ;;
	help) _gvr_words "$_gvr_verbs" "$2" ;;
	esac
}

_gvr() {
	local program=${1/#\~/$HOME} current=${COMP_WORDS[COMP_CWORD]} before=$COMP_CWORD
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_gvr_words "$_gvr_verbs --help --version" "$current"
		return
	fi
	# --option=value is three words
	if [[ $current == = ]]; then
		current=
	elif [[ ${COMP_WORDS[before - 1]} == = ]]; then
		((before--))
	else
		before=$COMP_CWORD
	fi
	_gvr_value "$program" "${COMP_WORDS[before - 1]}" "$current" && return
	((before == COMP_CWORD)) && [[ ${COMP_WORDS[COMP_CWORD]} != = ]] || return
	if [[ $current == -* ]]; then
		_gvr_words "$(_gvr_options "${COMP_WORDS[1]}")" "$current"
	else
		_gvr_operands "${COMP_WORDS[1]}" "$current"
	fi
}

complete -F _gvr gvr
