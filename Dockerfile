# Builds the release binary and bakes the models in, so that the running container downloads nothing.
FROM rust:1.95-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends make nodejs npm python3 python3-pip \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin ekyc \
    && EKYC_MODELS_DIR=/models target/release/ekyc models fetch

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data ekyc \
    && install -d -o ekyc -m 700 /data
COPY --from=build /src/target/release/ekyc /usr/local/bin/ekyc
COPY --from=build /models /models
ENV EKYC_BIND=0.0.0.0:9000 EKYC_DATA_DIR=/data EKYC_MODELS_DIR=/models EKYC_LOG_FORMAT=json
USER ekyc
VOLUME /data
EXPOSE 9000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9000 && printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["ekyc"]
CMD ["serve"]
