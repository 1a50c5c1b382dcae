#!/bin/sh
# Becomes PID 1 of a throw-away Debian: machine.py starts this in namespaces of its own, where every mount ends with it.
#   boot.sh BASE WORK    BASE: a Debian root that stays as it is; WORK: an empty folder
set -eu
base=$1 work=$2

mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=$base,upperdir=$work/upper,workdir=$work/work" "$work/root"
cd "$work/root"

mount -t proc -o nosuid,nodev,noexec proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys  # the kernel's settings are the machine's own
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755,nosuid tmpfs dev
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for node in null zero full random urandom tty; do
    touch "dev/$node"
    mount --bind "/dev/$node" "dev/$node"
done
echo followupd-test > /proc/sys/kernel/hostname

mkdir -p old
pivot_root . old
cd /
umount -l old
mount --make-rshared /  # as a systemd in a container expects it: credentials reach a service by a shared mount
exec env -i container=followupd PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
