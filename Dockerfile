# Builds tagdrift and an image with nothing but it, its shared objects and the CA bundle. deploy/README.md says how.
ARG DEBIAN=docker.io/library/debian:bookworm-slim

FROM ${DEBIAN} AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
    ca-certificates cmake g++ mold ninja-build pkg-config libabsl-dev libc-ares-dev libcli11-dev libcurl4-openssl-dev libfmt-dev \
    libgrpc++-dev libprotobuf-dev libre2-dev libspdlog-dev libssl-dev libtoml11-dev libyaml-cpp-dev nlohmann-json3-dev \
    prometheus-cpp-dev protobuf-compiler protobuf-compiler-grpc \
    && rm -rf /var/lib/apt/lists/*
COPY . /src
ARG REVISION=unknown
RUN cmake --preset release -S /src -DTAGDRIFT_COMMIT="${REVISION}" -DTAGDRIFT_TESTS=OFF -DTAGDRIFT_LAB=OFF -DTAGDRIFT_BENCH=OFF \
    && cmake --build /src/build/release --target tagdrift
RUN /src/deploy/image-root.sh /src/build/release/tagdrift /image

FROM scratch
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="tagdrift" \
      org.opencontainers.image.description="Finds which link of the chain is stale: the node's cached tag, a mirror, or nothing" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim"
COPY --from=build /image /
ENV PATH=/usr/local/bin
# containerd's socket is root's. Nothing else is needed of it: every capability can be dropped, and the root file system be read-only.
USER 0:0
ENTRYPOINT ["/usr/local/bin/tagdrift"]
CMD ["check", "--host-root", "/host"]
