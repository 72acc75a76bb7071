#!/usr/bin/env bash
# Run a command beside a Postgres server of its own, in a temporary folder, behind a socket in it:
#   scripts/with-postgres.sh make test
# WIREWATCH_TEST_POSTGRES names the server to the command; server and folder go with it.
set -euo pipefail

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
if [ ! -x "$bin/initdb" ]; then
    bin=$(dirname "$(command -v initdb || echo none)")
fi
if [ ! -x "$bin/initdb" ]; then
    echo "with-postgres: there is no Postgres server here; on Debian and Ubuntu: apt-get install postgresql" >&2
    exit 1
fi

room=$(mktemp -d)
as_owner=()
if [ "$(id -u)" = 0 ]; then # which the server refuses to run as
    if ! id postgres >/dev/null 2>&1; then
        echo "with-postgres: Postgres does not run as root; add a user postgres, or run this as another user" >&2
        exit 1
    fi
    as_owner=(runuser -u postgres --)
    chown postgres "$room"
fi

server() { (cd "$room" && ${as_owner[@]+"${as_owner[@]}"} "$bin/pg_ctl" -D "$room/data" -s -w "$@"); }

leave() {
    if [ -e "$room/data/postmaster.pid" ]; then
        server -m immediate stop || true
    fi
    rm -rf "$room"
}
trap leave EXIT

# What a crash of the machine would cost does not matter here: nothing waits for the disk.
if ! (
    cd "$room"
    ${as_owner[@]+"${as_owner[@]}"} "$bin/initdb" -D "$room/data" -U wirewatch -A trust -E UTF8 --locale=C.UTF-8 --no-sync
) >"$room/log" 2>&1 || ! server -l "$room/server.log" start \
    -o "-c listen_addresses= -c unix_socket_directories=$room -c fsync=off -c full_page_writes=off" >>"$room/log" 2>&1; then
    echo "with-postgres: the server did not start:" >&2
    cat "$room/log" "$room/server.log" >&2 2>/dev/null || true
    exit 1
fi

WIREWATCH_TEST_POSTGRES="postgresql+psycopg://wirewatch@/postgres?host=$room" "$@"
