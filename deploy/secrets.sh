#!/bin/sh
# Makes the secrets of docker-compose.yml in ./secrets, each in a file of its own. What is there stays as it is.
#   deploy/secrets.sh [FOLDER]
# Keep a copy elsewhere: without the two RELANCE_PRIVACY__ keys opt-outs are forgotten and links in sent mails die.
set -eu
folder=${1:-secrets}
umask 077
mkdir -p "$folder"
# The containers read the files as users of their own, so the files are readable; nobody else gets into the folder.
chmod 700 "$folder"

write() { # NAME, and the content on standard input
    if [ -s "$folder/$1" ]; then
        cat >/dev/null
        return
    fi
    cat >"$folder/$1.new"
    chmod 444 "$folder/$1.new"
    mv "$folder/$1.new" "$folder/$1"
    echo "made $folder/$1"
}
random() { openssl rand -hex "$1" | tr -d '\n'; }

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
