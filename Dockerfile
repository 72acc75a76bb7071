# One container, one volume (/data) with the config file, your rules and the database in it.
#   docker build -t wirewatch .
#   mkdir desk
#   docker run --rm --user "$(id -u):$(id -g)" -v ./desk:/data wirewatch init /data
#   docker run -d --user "$(id -u):$(id -g)" --env-file secrets.env -v ./desk:/data wirewatch
# Without --user it runs as 10001, who must be able to write to the folder. secrets.env: docs/operations.md.
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE wirewatch.yaml ./
COPY scripts/ scripts/
COPY rules/ rules/
COPY bot/ bot/
RUN scripts/install.sh /opt/wirewatch

FROM python:3.12-slim
RUN useradd --system --uid 10001 --create-home --home-dir /data wirewatch
COPY --from=build /opt/wirewatch /opt/wirewatch
ENV PATH=/opt/wirewatch/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    XDG_CACHE_HOME=/data/.cache \
    WIREWATCH_CONFIG=/data/wirewatch.yaml
USER wirewatch
WORKDIR /data
VOLUME /data
# Set `http: {listen: 127.0.0.1:8080}` in the config for this to see more than that a bot holds the store.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["wirewatch", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["wirewatch"]
CMD ["run"]
