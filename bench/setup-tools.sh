#!/bin/sh
# Installs what `npm run bench -- tools` and `-- language` compare Holdfast with, from the packages of Debian 12 or later: rsync, restic, borg, PostgreSQL 15;
# Python with numpy and pandas.
# Run it as root. The bench itself installs nothing: a tool that is not there is left out with a note.
set -eu

if [ "$(id -u)" -ne 0 ]; then
	echo 'setup-tools.sh installs Debian packages: run it as root.' >&2
	exit 1
fi
# The package would otherwise make and start a cluster of its own; the bench makes one in its scratch folder.
mkdir -p /etc/postgresql-common/createcluster.d
echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/no-main-cluster.conf

export DEBIAN_FRONTEND=noninteractive
apt-get update
# What is installed already stays at its version.
apt-get install -y --no-install-recommends --no-upgrade rsync zstd restic borgbackup postgresql-15 python3-numpy python3-pandas

rsync --version | head -n 1
restic version
borg --version
/usr/lib/postgresql/15/bin/pg_basebackup --version
/usr/bin/python3 -c 'import numpy, pandas; print("numpy", numpy.__version__, "pandas", pandas.__version__)'
