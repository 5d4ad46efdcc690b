#!/bin/sh
# summary.sh BUILD: reliability_summary.py adds up what it is given, and fails where it has to.
# shellcheck disable=SC2154 # set by lib.sh
. "$(dirname "$0")/lib.sh"
begin "$1"

summary() { python3 "$tests/reliability_summary.py" one two; }

mkdir -p one/figures two/figures
printf 'a\nb\n' > one/figures.txt
echo c > two/figures.txt
printf 'points 3\nkills 4\ntorn 0\nlost 0\nleft 0\nwrong 0\ncrashes 0\n' > one/figures/a
printf 'events 5\nlost 0\ncrashes 0\n' > one/figures/b
printf 'points 10\nruns 7\ncovered 8\ncrashes 0\n' > two/figures/c
expect 0 "all is well" summary
if grep -qE '^all +13 +4 +7 +8 +5 +0 +0 +0 +0 +0$' out; then ok; else bad "the sum"; fi
echo 'skipped 1' > two/figures/c
expect 0 "one is skipped" summary
for wrong in torn lost left wrong crashes; do
    printf 'points 3\n%s 1\n' "$wrong" > two/figures/c
    expect 1 "$wrong" summary
    says out "FAILED: two.c: 1 $wrong"
done
printf 'points 0\ntorn 0\n' > two/figures/c
expect 1 "nothing was tried" summary
echo 'points' > two/figures/c
expect 1 "torn figures" summary
rm two/figures/c
expect 1 "no figures" summary
says out "FAILED: two.c: it left no figures"
rm -r one two
expect 1 "no builds" summary
finish
