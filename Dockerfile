FROM debian:bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
    cmake g++ ninja-build pkg-config libabsl-dev libc-ares-dev libcli11-dev libcurl4-openssl-dev libfmt-dev libgrpc++-dev libprotobuf-dev \
    libre2-dev libspdlog-dev libssl-dev libtoml11-dev libyaml-cpp-dev nlohmann-json3-dev prometheus-cpp-dev protobuf-compiler \
    protobuf-compiler-grpc \
    && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN cmake --preset release -S /src -DTAGDRIFT_TESTS=OFF -DTAGDRIFT_LAB=OFF -DTAGDRIFT_BENCH=OFF \
    && cmake --build /src/build/release --target tagdrift

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
    ca-certificates libcurl4 libfmt9 libprometheus-cpp-core1.0 libspdlog1.10 libssl3 libyaml-cpp0.7 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/build/release/tagdrift /usr/local/bin/tagdrift
ENTRYPOINT ["/usr/local/bin/tagdrift"]
CMD ["check", "--host-root", "/host"]
