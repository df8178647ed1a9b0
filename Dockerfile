# Builds tagdrift and an image with nothing but it, its shared objects and the CA bundle. deploy/README.md says how.
ARG DEBIAN=docker.io/library/debian:bookworm-slim

# On the machine's own platform: for another it cross-compiles. BuildKit sets both variables, Debian 12's buildah TARGETARCH by --platform;
# where neither is set, the image is for the machine itself, which is taken to be amd64.
FROM --platform=${BUILDPLATFORM:-linux/amd64} ${DEBIAN} AS build
ARG TARGETARCH
RUN arch=${TARGETARCH:-$(dpkg --print-architecture)} compiler=g++ \
    && if [ "$arch" != "$(dpkg --print-architecture)" ]; then \
    dpkg --add-architecture "$arch" && compiler=crossbuild-essential-$arch; fi \
    && apt-get update && apt-get install -y --no-install-recommends \
    ca-certificates cmake "$compiler" libcli11-dev libtoml11-dev mold ninja-build nlohmann-json3-dev pkg-config protobuf-compiler \
    protobuf-compiler-grpc $(printf "%s:$arch " libabsl-dev libc-ares-dev libcurl4-openssl-dev libfmt-dev libgrpc++-dev libprotobuf-dev \
    libre2-dev libspdlog-dev libssl-dev libyaml-cpp-dev prometheus-cpp-dev) \
    && rm -rf /var/lib/apt/lists/*
COPY . /src
ARG REVISION=unknown
RUN cmake --preset release -S /src --toolchain /src/deploy/toolchain.cmake -DTAGDRIFT_ARCH="${TARGETARCH}" \
    -DTAGDRIFT_COMMIT="${REVISION}" -DTAGDRIFT_TESTS=OFF -DTAGDRIFT_LAB=OFF -DTAGDRIFT_BENCH=OFF \
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
