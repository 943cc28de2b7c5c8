# syntax=docker/dockerfile:1
# jatah in a container: a build stage, and a small one that runs as a user without rights.
# docs/operate.md says how its steps were tried. Run it with a read-only root: only /var/lib/jatah is written.
FROM rust:1.95-bookworm AS build
WORKDIR /src
# Only what the build needs, so that a change of a document or a test builds nothing anew.
COPY Cargo.toml Cargo.lock jatah.example.toml ./
COPY src src
COPY web web
COPY templates templates
COPY benches benches
RUN cargo build --release --locked --bin jatah

FROM debian:12-slim
# Certificates of mail servers, Telegram and MongoDB are checked with those in the program or here.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/jatah --shell /usr/sbin/nologin jatah \
 && install --directory --owner=jatah --group=jatah --mode=0700 /var/lib/jatah
COPY --from=build /src/target/release/jatah /usr/bin/jatah
USER 10001
WORKDIR /var/lib/jatah
VOLUME /var/lib/jatah
# A container is reached from outside, so it listens on all of its addresses.
ENV JATAH__SERVER__LISTEN=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/jatah"]
CMD ["serve", "--config", "/etc/jatah/jatah.toml"]
