# Runs a throw-away PostgreSQL: `sh -c "$(cat postgres.sh)" sh BIN_FOLDER PORT…`.
# Prints `ready PORT` once it answers, or else what went wrong. Runs until its standard input ends:
# the kernel closes that pipe in whatever way the other side died.
set -eu

bin=$1
shift

folder=$(mktemp -d "${TMPDIR:-/tmp}/thidua-postgres-XXXXXX")
data=$folder/data
log=$folder/log

# shellcheck disable=SC2317 # called by the trap
clean_up() {
    "$bin/pg_ctl" -D "$data" -m immediate stop >"$log" 2>&1 || true
    rm -rf "$folder"
}
trap clean_up EXIT
# PIPE too: the reader of `ready` may be dead by then.
trap 'exit 1' HUP INT TERM PIPE

if ! "$bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C --no-sync \
    </dev/null >"$log" 2>&1; then
    cat "$log"
    exit 1
fi

# Nothing here has to outlive a power cut, and autovacuum would only take time from the tests.
cat >>"$data/postgresql.conf" <<'SETTINGS'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
SETTINGS

# A port that was free a moment ago may be taken by now, therefore several.
for port; do
    if "$bin/pg_ctl" -D "$data" -l "$log" -o "-p $port" -w start </dev/null >/dev/null 2>&1; then
        echo "ready $port"
        read -r _ || true
        exit 0
    fi
done
cat "$log"
exit 1
