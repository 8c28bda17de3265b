# A static binary on a base without a shell. The shipped briefs are baked in at /briefs; mount your own
# over them, or name a folder with BRIEFBOT_BRIEFS. What must survive a restart lives in /data.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/briefbot ./cmd/briefbot \
 && mkdir -p /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/briefbot /briefbot
COPY --from=build --chown=nonroot:nonroot /out/data /data
COPY briefs /briefs
ENV BRIEFBOT_BRIEFS=/briefs \
    BRIEFBOT_STORE=/data/briefbot.db \
    BRIEFBOT_LISTEN=0.0.0.0:8080
WORKDIR /data
VOLUME /data
EXPOSE 8080
# There is no shell here: the binary asks its own listener.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["/briefbot", "health"]
ENTRYPOINT ["/briefbot"]
CMD ["serve"]
