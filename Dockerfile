# syntax=docker/dockerfile:1

FROM rust:1-slim-bookworm AS build
WORKDIR /src
COPY . .
# The caches stay on the building machine; what is wanted of them is copied out. The cache of another
# checkout may be younger than these files: touched, they are built all the same.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    find src crates -name lib.rs -exec touch {} + && cargo build --release --locked && cp target/release/staygate /staygate

FROM debian:bookworm-slim
# The authorities that are trusted when the database is reached with TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
RUN useradd --system --uid 10001 --home-dir /var/lib/staygate --create-home staygate
COPY --from=build /staygate /usr/local/bin/staygate
USER 10001
WORKDIR /var/lib/staygate
# There is no database server in the image: DATABASE_URL or DATABASE_URL_FILE says where one is.
ENV STAYGATE_LISTEN=0.0.0.0:8080 STAYGATE_DATA_DIR=/var/lib/staygate STAYGATE_LOG_FORMAT=json
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["staygate", "health", "--url", "http://127.0.0.1:8080"]
ENTRYPOINT ["staygate"]
CMD ["serve"]
