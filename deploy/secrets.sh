#!/bin/sh
# Makes the secrets and certificates of docker-compose.yml in ./secrets, each in a file of its own. What is there stays as
# it is; a certificate that ends within 30 days is named, and the exit code is then 1.
#   deploy/secrets.sh [FOLDER]
#   deploy/secrets.sh --check [FOLDER]    only looks at the certificates
#   deploy/secrets.sh --renew [FOLDER]    signs all certificates anew; then docker-compose up --detach --force-recreate
# CERTIFICATE_DAYS says how long new certificates hold (730). Keep a copy of the folder elsewhere: without the two
# RELANCE_PRIVACY__ keys opt-outs are forgotten and links in sent mails die.
set -eu
task=make
case "${1:-}" in
--check | --renew) task=${1#--} && shift ;;
-*) echo "usage: deploy/secrets.sh [--check|--renew] [FOLDER]" >&2 && exit 2 ;;
esac
folder=${1:-secrets}
soon=$((30 * 86400))
if [ "$task" != make ] && [ ! -s "$folder/tls_authority" ]; then
    echo "there are no certificates in $folder; run deploy/secrets.sh" >&2
    exit 1
fi
umask 077
mkdir -p "$folder"
# The containers read the files as users of their own, so the files are readable; nobody else gets into the folder.
chmod 700 "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

write() { # NAME, and the content on standard input; what is there stays
    if [ -s "$folder/$1" ]; then
        cat >/dev/null
    else
        put "$1"
    fi
}
put() { # NAME, and the content on standard input
    cat >"$folder/$1.new"
    chmod 444 "$folder/$1.new"
    mv "$folder/$1.new" "$folder/$1"
    echo "made $folder/$1"
}
random() { openssl rand -hex "$1" | tr -d '\n'; }

request() { # CN, and options of `openssl req`; the new key is in $work/key. Quiet unless it fails.
    printf '[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=authority\n[dn]\nCN=%s\n' "$1" >"$work/request"
    printf '[authority]\nbasicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n' >>"$work/request"
    printf 'subjectKeyIdentifier=hash\n' >>"$work/request"
    shift
    openssl ecparam -name prime256v1 -genkey -noout -out "$work/ec"
    openssl pkcs8 -topk8 -nocrypt -in "$work/ec" -out "$work/key"
    openssl req -new -sha256 -key "$work/key" -config "$work/request" "$@"
}

authority() { # Our own: it signs for the names of this deployment and is trusted by nobody else.
    [ -s "$folder/tls_authority" ] && return
    request "Relance deployment $(random 4)" -x509 -days 3650 -out "$work/authority"
    write tls_authority <"$work/authority"
    # No container gets this one; it may be kept elsewhere until something is to be signed.
    put tls_authority_key <"$work/key"
    chmod 400 "$folder/tls_authority_key"
}

certificate() { # NAME, its uses, and its host names if it is a server's; the file holds the certificate and its key
    [ -s "$folder/tls_$1" ] && [ "$task" != renew ] && return
    [ -s "$folder/tls_authority_key" ] || { echo "put tls_authority_key back into $folder to sign tls_$1" >&2 && exit 1; }
    request "$1" -out "$work/csr"
    printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n' >"$work/extensions"
    printf 'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nextendedKeyUsage=%s\n' "$2" >>"$work/extensions"
    [ -z "${3:-}" ] || echo "subjectAltName=$3" >>"$work/extensions"
    openssl x509 -req -sha256 -in "$work/csr" -CA "$folder/tls_authority" -CAkey "$folder/tls_authority_key" \
        -set_serial "0x$(random 16)" -days "${CERTIFICATE_DAYS:-730}" -extfile "$work/extensions" -out "$work/signed" \
        2>"$work/said" || { cat "$work/said" >&2 && exit 1; }
    cat "$work/signed" "$work/key" | put "tls_$1"
}

check() {
    ending=0
    for file in "$folder"/tls_*; do
        case "$file" in *_authority | *_key | *.new | *"*") continue ;; esac
        if ! openssl x509 -in "$file" -noout -checkend "$soon" >/dev/null; then
            echo "$file: $(openssl x509 -in "$file" -noout -enddate); run deploy/secrets.sh --renew" >&2
            ending=1
        elif ! openssl verify -CAfile "$folder/tls_authority" "$file" >/dev/null 2>&1; then
            echo "$file is not signed by $folder/tls_authority; run deploy/secrets.sh --renew" >&2
            ending=1
        fi
    done
    if ! openssl x509 -in "$folder/tls_authority" -noout -checkend "$soon" >/dev/null; then
        echo "the authority itself ends: remove $folder/tls_*, run deploy/secrets.sh, restart everything at once" >&2
        ending=1
    fi
    return "$ending"
}

if [ "$task" = check ]; then
    check
    exit
fi
random 24 | write postgres_password
random 24 | write mongo_root_password
random 24 | write mongo_relance_password
openssl rand -base64 756 | write mongo_keyfile
random 24 | write RELANCE_PRIVACY__SUPPRESSION_KEY
random 24 | write RELANCE_PRIVACY__LINK_KEY
random 16 | write oauth2_cookie_secret
# Of your identity provider; without it nobody signs in to Temporal's Web UI.
printf %s "${OAUTH2_CLIENT_SECRET:-to-be-replaced}" | write oauth2_client_secret
printf 'mongodb://relance:%s@mongo:27017/?replicaSet=rs0&authSource=admin' "$(cat "$folder/mongo_relance_password")" |
    write RELANCE_MONGO__URI
authority
certificate postgres serverAuth DNS:postgres
# Servers that also call themselves, or each other, show the same certificate.
certificate temporal serverAuth,clientAuth DNS:temporal
certificate mongo serverAuth,clientAuth DNS:mongo,DNS:localhost
certificate temporal_ui serverAuth,clientAuth DNS:temporal-ui
certificate operator clientAuth
certificate relance clientAuth
check
