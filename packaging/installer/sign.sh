#!/bin/sh
# Signs a Windows program in place, for whoever has a certificate; does nothing otherwise.
#   sign.sh FILE
#   TCPIPWATCH_SIGN_CERT, TCPIPWATCH_SIGN_KEY   certificate and key, in PEM files; or
#   TCPIPWATCH_SIGN_PKCS12                      both in one file
#   TCPIPWATCH_SIGN_PASSFILE                    the file with the password of the key
#   TCPIPWATCH_SIGN_TIMESTAMP                   the address of a time stamp server (RFC 3161)
#   TCPIPWATCH_SIGN_DIGEST                      default sha256; Windows XP before SP3 knows only sha1
set -eu

file=$1
set -- -h "${TCPIPWATCH_SIGN_DIGEST:-sha256}" -n tcpipwatch
if [ -n "${TCPIPWATCH_SIGN_PKCS12-}" ]; then
    set -- "$@" -pkcs12 "$TCPIPWATCH_SIGN_PKCS12"
elif [ -n "${TCPIPWATCH_SIGN_CERT-}" ] && [ -n "${TCPIPWATCH_SIGN_KEY-}" ]; then
    set -- "$@" -certs "$TCPIPWATCH_SIGN_CERT" -key "$TCPIPWATCH_SIGN_KEY"
elif [ -n "${TCPIPWATCH_SIGN_CERT-}${TCPIPWATCH_SIGN_KEY-}" ]; then
    echo "sign.sh: TCPIPWATCH_SIGN_CERT and TCPIPWATCH_SIGN_KEY go together" >&2
    exit 1
else
    exit 0
fi
[ -z "${TCPIPWATCH_SIGN_PASSFILE-}" ] || set -- "$@" -readpass "$TCPIPWATCH_SIGN_PASSFILE"
[ -z "${TCPIPWATCH_SIGN_TIMESTAMP-}" ] || set -- "$@" -ts "$TCPIPWATCH_SIGN_TIMESTAMP"
rm -f "$file.signed"
osslsigncode sign "$@" -in "$file" -out "$file.signed"
mv "$file.signed" "$file"
