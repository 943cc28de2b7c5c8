#!/bin/sh
# Makes the Debian package of a binary: packaging/deb.sh BINARY FOLDER. Prints the package's path.
# dpkg-deb alone does it, so that nothing has to be installed first.
set -eu
binary=$1
folder=$2
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$here/Cargo.toml" | head -n 1)
architecture=$(dpkg --print-architecture)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 0755 "$root"

install -D -m 0755 "$binary" "$root/usr/bin/jatah"
# Names and debugging information stay in the file that was built.
strip --strip-unneeded "$root/usr/bin/jatah"
install -D -m 0644 "$here/packaging/jatah.service" "$root/usr/lib/systemd/system/jatah.service"
doc=$root/usr/share/doc/jatah
for file in docs/operate.md docs/alerts.yaml docs/grafana.json docs/api.md docs/qris-and-mail.md \
    docs/panduan-fo.md docs/panduan-pemilik.md docs/kebijakan.md packaging/nginx.conf \
    packaging/Caddyfile jatah.example.toml; do
    install -D -m 0644 "$here/$file" "$doc/$(basename "$file")"
done
install -m 0644 "$here/LICENSE" "$doc/copyright"
gzip -9n < "$here/CHANGELOG.md" > "$doc/changelog.gz"
chmod 0644 "$doc/changelog.gz"

# The libraries that the binary is linked with, each with the version that it needs.
libc=$(objdump -T "$binary" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1 | cut -d_ -f2)
size=$(du -ks "$root" | cut -f1)
mkdir "$root/DEBIAN"
cat > "$root/DEBIAN/control" <<EOF
Package: jatah
Version: $version
Architecture: $architecture
Maintainer: The jatah developers <jatah@localhost>
Installed-Size: $size
Depends: libc6 (>= $libc), libgcc-s1, passwd
Recommends: ca-certificates
Section: net
Priority: optional
Description: holds hotel rooms for guests on the way
 A guest books by Telegram or on the web and pays nothing in advance. The room
 is kept for the time of the drive, and given back at the exact moment at which
 the hold ends. The front office sees every change at once.
EOF
for script in postinst prerm postrm; do
    install -m 0755 "$here/packaging/debian/$script" "$root/DEBIAN/$script"
done
mkdir -p "$folder"
package=$folder/jatah_${version}_$architecture.deb
dpkg-deb --root-owner-group --build "$root" "$package" >/dev/null
echo "$package"
