#!/bin/sh
# The help of every verb, and that the manual page and the completion say the same.
. "$(dirname "$0")/lib.sh"

PAGE=$ROOT/bench/gvr.1
COMPLETION=$ROOT/bench/gvr.bash

verbs() {
	"$GVR" --help | sed -n 's/^  gvr \([a-z]*\) .*/\1/p'
}

options() { # options VERB: as its help describes them
	"$GVR" "$1" --help | sed -n 's/^  \(-o, \)\{0,1\}\(--[a-z-]*\).*/\2/p' | sort -u
}

keys() {
	"$GVR" help run | sed -n 's/^  \([a-z_]*\) = .*/\1/p' | sort -u
}

# the page, options in it as they are written
page() {
	sed 's/Fl \\-/Fl --/g' "$PAGE"
}

test_every_verb_is_helped_alike() {
	[ "$(verbs | wc -l)" -ge 9 ] || fail "verbs: $(verbs)"
	for verb in $(verbs); do
		expect 0 "$GVR" "$verb" --help
		[ ! -s "$WORK/err" ] || fail "$verb: $(cat "$WORK/err")"
		head -n 1 "$WORK/out" | grep -q "^usage: gvr $verb\( \|$\)" || fail "$verb: no usage"
		grep -q '^Exit: 0 ' "$WORK/out" || fail "$verb: no exit codes"
		grep -q "^Example: gvr $verb" "$WORK/out" || fail "$verb: no example"
		awk 'length($0) > 80 { exit 1 }' "$WORK/out" || fail "$verb: wider than 80 columns"
		# the options of the usage are those that are described, in one column
		sed -n '1,/^$/p' "$WORK/out" | grep -o -e '--[a-z-]*' | sort -u >"$WORK/used"
		options "$verb" | sed 's/^--out$/&/' >"$WORK/described"
		if [ "$verb" = train ]; then # its -o
			echo --out | sort -u - "$WORK/used" >"$WORK/both"
			mv "$WORK/both" "$WORK/used"
		fi
		diff "$WORK/used" "$WORK/described" >&2 || fail "$verb: options used, options described"
		columns=$(sed -n '/^Exit:/q; s/^\(  \(-o, \)\{0,1\}--[a-z-]* *\([A-Z.=]*  *\)\{0,1\}\)[^ ].*/\1/p' "$WORK/out" |
			awk '{ print length($0) }' | sort -u | wc -l)
		[ "$columns" -le 1 ] || fail "$verb: options are not aligned"
	done
}

test_bad_arguments_are_one_line() {
	expect 2 "$GVR" rnu
	err_has "no verb rnu; did you mean run?"
	expect 2 "$GVR" zzzz
	err_has "no verb zzzz; see gvr --help"
	expect 2 "$GVR" "$(printf 'a\nb\033')"
	expect 2 "$GVR" help nosuch
	expect 2 "$GVR" run w.ini --stroe x
	err_has "unknown option --stroe; did you mean --store?"
	expect 2 "$GVR" compare a b --sett x=1
	err_has "unknown option --sett; see gvr compare --help"
	expect 2 "$GVR" run w.ini --format
	err_has "missing value of --format"
	for verb in $(verbs); do
		[ "$verb" != probe ] || continue
		expect 2 "$GVR" "$verb"
		err_has "gvr $verb: "
	done
	expect 0 "$GVR" --version
	out_has "gvr "
}

test_the_page_has_every_verb_option_key_and_code() {
	page >"$WORK/page"
	for verb in $(verbs); do
		sed -n "/^\.It Cm $verb\( \|$\)/,/^\.It Cm [a-z]* Ar\|^\.It Cm help\|^\.Sh/p" "$WORK/page" >"$WORK/part"
		[ -s "$WORK/part" ] || fail "gvr.1 lacks the verb $verb"
		for option in $(options "$verb"); do
			grep -qE -e "Fl (o , Fl )?$option( |\$)" "$WORK/part" || fail "gvr.1: $verb lacks $option"
		done
	done
	for key in $(keys); do
		grep -q "^\.It Cm $key$" "$WORK/page" || fail "gvr.1 lacks the key $key"
	done
	sed -n '/^\.Sh WORKLOAD FILE/,/^\.Sh ENV/s/^\.It Cm \(.*\)/\1/p' "$WORK/page" | sort -u >"$WORK/told"
	keys | diff - "$WORK/told" >&2 || fail "gvr.1 tells of keys that there are not"
	"$GVR" --help | sed -n '/^Exit codes:/,/^$/p' | grep -oE '\b[0-9] ' | sort -u >"$WORK/codes"
	[ "$(wc -l <"$WORK/codes")" -eq 10 ] || fail "exit codes of gvr --help: $(cat "$WORK/codes")"
	while read -r code; do
		sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EX/p' "$WORK/page" | grep -q "^\.It $code$" || fail "gvr.1 lacks exit code $code"
	done <"$WORK/codes"
}

test_the_page_is_well_formed() {
	command -v groff >/dev/null || return 77
	groff -mdoc -Tascii -ww -z "$PAGE" >"$WORK/err" 2>&1 || fail "groff: $(cat "$WORK/err")"
	[ ! -s "$WORK/err" ] || fail "groff: $(cat "$WORK/err")"
}

# complete WORD...: what bash offers for the last word, sorted
complete() {
	bash -c '
		. "$1"
		shift
		COMP_WORDS=(gvr "$@")
		COMP_CWORD=$#
		_gvr "$GVR"
		printf "%s\n" "${COMPREPLY[@]}" | sort
	' bash "$COMPLETION" "$@" | tr '\n' ' ' | sed 's/ $//'
}

# offers WANTED WORD...
offers() {
	wanted=$1
	shift
	got=$(complete "$@")
	[ "$got" = "$wanted" ] || fail "gvr $*: offers '$got', not '$wanted'"
}

test_the_completion_has_every_verb_and_option() {
	command -v bash >/dev/null || return 77
	for verb in $(verbs); do
		case " $(complete "") " in
		*" $verb "*) ;;
		*) fail "the completion lacks the verb $verb" ;;
		esac
		(options "$verb"; echo --help) | sort >"$WORK/options"
		(complete "$verb" -- && echo) | tr ' ' '\n' | diff "$WORK/options" - >&2 || fail "options of $verb"
	done
}

test_the_completion_completes() {
	command -v bash >/dev/null || return 77
	export GVR
	cd "$WORK"
	mkdir docs "a folder"
	touch docs/x.ini docs/x.json "w w.ini"
	cat >w.ini <<-W
	[workload]
	contents = noise:1
	[engine "fast-1"]
	kind = null
	[engine slow]
	kind = null
	W
	offers "run" ru
	offers "--help --version" --
	offers "verify" help ve
	offers "a folder docs w w.ini w.ini" run ""
	offers "docs/x.ini" run docs/
	offers "docs/x.json" compare docs/
	offers "a folder docs" init ""
	offers "" probe ""
	offers "json" run w.ini --format j
	offers "json normal" run w.ini --format =
	offers "json" run w.ini --format = j
	offers "laptop" breakeven r --platform l
	offers "rnn" train docs --generator r
	offers "workload.runtime=" run w.ini --set workload.runt
	offers "fast-1.iodepth=" run w.ini --set fast-1.iod
	offers "slow.iodepth=" run --store x --set workload.rounds = 2 w.ini --set slow.iod
	offers "slow.iodepth=" run --format = json w.ini --set slow.iod
	offers "" run w.ini --set slow.iodepth =
	offers "" run w.ini --set slow.iodepth = 3
	offers "--wall-meter" run w.ini --w
	[ "$(complete run w.ini --set workload. | wc -w)" -gt 20 ] || fail "keys of [workload]"
}

test_install_puts_everything_in_its_place() {
	command -v make >/dev/null || return 77
	[ "$GVR" = "$ROOT/gvr" ] || return 77
	# with the folder of the build as make names it, not as a path
	expect 0 env -u BUILD make -s -C "$ROOT" -o gvr install NODEPS=1 PREFIX=/usr DESTDIR="$WORK/root"
	for file in bin/gvr share/man/man1/gvr.1 share/bash-completion/completions/gvr; do
		[ -s "$WORK/root/usr/$file" ] || fail "$file is missing: $(find "$WORK/root")"
	done
}

run_tests
