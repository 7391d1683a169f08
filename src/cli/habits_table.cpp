// SPDX-License-Identifier: Apache-2.0
#include "cli/habits.hpp"

#include <array>

namespace regctl::cli {

namespace {

using Words = ForeignCommand::Words;
using Meaning = ForeignFlag::Meaning;
using Value = ForeignFlag::Value;

constexpr const char* k_makes_none = "regctl moves images and neither makes nor changes them";
constexpr const char* k_runs_none = "regctl moves images and runs none";
constexpr const char* k_no_signatures = "regctl copies signatures and makes none";

/// Sources: docker 28, podman 5, skopeo 1.18, crane 0.20, regclient 0.8, oras 1.3, and the programs
/// of docker-registry and distribution. Commands with the same meaning in regctl are not listed.
constexpr ForeignCommand k_commands[] = {
    // listings
    {"tag ls", "tags"},
    {"tag list", "tags"},
    {"tags ls", "tags"},
    {"tags list", "tags"},
    {"list-tags", "tags"},
    {"listtags", "tags"},
    {"repo tags", "tags"},
    {"repo show-tags", "tags"},
    {"show-tags", "tags"},
    {"catalog", "search"},
    {"repo ls", "search"},
    {"repo list", "search"},
    {"repos", "search"},
    {"repositories", "search"},
    {"list-repos", "search"},
    {"registry catalog", "search"},
    {"find", "search"},
    {"list", "images"},
    {"image ls", "images"},
    {"image list", "images"},
    {"images ls", "images"},
    {"images list", "images"},
    // one image
    {"manifest fetch", "manifest get"},
    {"manifest inspect", "manifest get"},
    {"manifest push", "manifest put"},
    {"manifest fetch-config", "inspect --config"},
    {"manifest head", "digest"},
    {"manifest digest", "digest"},
    {"image manifest", "manifest get"},
    {"image inspect", "inspect"},
    {"image config", "inspect --config"},
    {"image show", "inspect"},
    {"config", "inspect --config"},
    {"config get", "inspect --config"},
    {"describe", "inspect"},
    {"show", "inspect"},
    {"info", "inspect"},
    {"buildx imagetools inspect", "inspect"},
    {"imagetools inspect", "inspect"},
    {"image digest", "digest"},
    {"resolve", "digest"},
    {"image history", "history"},
    {"image tree", "history"},
    {"layers", "layer ls"},
    {"image layers", "layer ls"},
    {"blob fetch", "blob get"},
    {"blob pull", "blob get"},
    {"blob push", "blob put"},
    {"layer pull", "layer get"},
    {"layer list", "layer ls"},
    {"image get-file", "layer files"},
    {"discover", "referrers"},
    {"artifact tree", "referrers"},
    {"artifact list", "referrers"},
    {"artifact ls", "referrers"},
    {"artifact get", "copy"},
    {"tree", "referrers"},
    // moving
    {"image copy", "copy"},
    {"image cp", "copy"},
    {"blob copy", "copy"},
    {"artifact copy", "copy"},
    {"promote", "copy"},
    {"transfer", "copy"},
    {"image pull", "pull"},
    {"image push", "push"},
    {"download", "pull"},
    {"fetch", "pull"},
    {"upload", "push"},
    {"save", "pull", Words::to_stdout},
    {"image save", "pull", Words::to_stdout},
    {"image export", "pull", Words::to_stdout},
    {"load", "copy", Words::to_engine},
    {"image load", "copy", Words::to_engine},
    {"image import", "push", Words::swapped},
    {"import", "push"},
    {"sync", "mirror"},
    {"image sync", "mirror"},
    {"repo sync", "mirror"},
    {"repo copy", "mirror"},
    {"repo cp", "mirror"},
    {"repo mirror", "mirror"},
    {"registry copy", "mirror"},
    {"registry mirror", "mirror"},
    {"replicate", "mirror"},
    {"clone", "mirror"},
    {"backup", "mirror"},
    {"migrate", "mirror"},
    // indexes
    {"index append", "index add"},
    {"index update", "index add"},
    {"manifest create", "index make"},
    {"manifest add", "index add"},
    {"manifest index create", "index make"},
    {"manifest index update", "index add"},
    {"imagetools create", "index make"},
    {"buildx imagetools create", "index make"},
    // changing
    {"image tag", "tag"},
    {"image retag", "tag"},
    {"retag", "tag"},
    {"tag create", "tag"},
    {"tag add", "tag"},
    {"tag set", "tag"},
    {"delete", "rm"},
    {"del", "rm"},
    {"remove", "rm"},
    {"rmi", "rm"},
    {"untag", "rm"},
    {"image rm", "rm"},
    {"image remove", "rm"},
    {"image delete", "rm"},
    {"image del", "rm"},
    {"tag rm", "rm"},
    {"tag remove", "rm"},
    {"tag delete", "rm"},
    {"tag del", "rm"},
    {"tags rm", "rm"},
    {"manifest rm", "rm"},
    {"manifest delete", "rm"},
    {"manifest del", "rm"},
    {"repo rm", "rm --repository"},
    {"repo delete", "rm --repository"},
    {"repo del", "rm --repository"},
    // checks and repairs
    {"validate", "verify"},
    {"image validate", "verify"},
    {"fsck", "audit"},
    {"check", "audit"},
    {"prune", "gc"},
    {"image prune", "gc"},
    {"system prune", "gc"},
    {"garbage-collect", "gc"},
    {"registry garbage-collect", "gc"},
    {"compare", "diff"},
    // registries
    {"registry serve", "serve"},
    {"registry login", "login"},
    {"registry logout", "logout"},
    {"auth login", "login"},
    {"auth logout", "logout"},
    {"registry ping", "ping"},
    {"registry whoami", "ping"},
    {"status", "ping"},
    {"system info", "version"},
    {"man", "help"},
    // commands without a counterpart
    {"run", k_runs_none, Words::piped},
    {"create", k_runs_none, Words::piped},
    {"container run", k_runs_none, Words::piped},
    {"container create", k_runs_none, Words::piped},
    {"exec", k_runs_none, Words::none},
    {"ps", k_runs_none, Words::none},
    {"container", k_runs_none, Words::none},
    {"build", k_makes_none, Words::none},
    {"buildx", k_makes_none, Words::none},
    {"image build", k_makes_none, Words::none},
    {"commit", k_makes_none, Words::none},
    {"append", k_makes_none, Words::none},
    {"mutate", k_makes_none, Words::none},
    {"rebase", k_makes_none, Words::none},
    {"flatten", k_makes_none, Words::none},
    {"optimize", k_makes_none, Words::none},
    {"image mod", k_makes_none, Words::none},
    {"image create", k_makes_none, Words::none},
    {"image check-base", k_makes_none, Words::none},
    {"image ratelimit", "a limit of the registry is told when it is near", Words::none},
    {"manifest annotate", k_makes_none, Words::none},
    {"manifest diff", "regctl diff compares the tags of two places", Words::none},
    {"manifest-digest", "sha256sum prints the digest of a manifest in a file", Words::none},
    {"blob delete", "a registry removes its blobs by itself, once no manifest names them",
     Words::none},
    {"artifact", k_makes_none, Words::none},
    {"artifact put", k_makes_none, Words::none},
    {"attach", k_makes_none, Words::none},
    {"standalone-sign", k_no_signatures, Words::none},
    {"standalone-verify", k_no_signatures, Words::none},
    {"generate-sigstore-key", k_no_signatures, Words::none},
    {"sign", k_no_signatures, Words::none},
    {"trust", k_no_signatures, Words::none},
};

constexpr const char* k_all_platforms =
    "an image for several platforms is copied whole, unless --platform names some";
constexpr const char* k_verified = "certificates are verified anyway";
constexpr const char* k_all_kept = "images stay byte for byte what they are";
constexpr const char* k_no_trust =
    "regctl copies signatures and checks none: every byte is checked against its digest instead";
constexpr const char* k_goes_on = "regctl mirror goes on past failures anyway";

/// Flags with a single meaning in all these programs. A flag that regctl has itself is not looked
/// up here.
constexpr ForeignFlag k_flags[] = {
    // TLS
    {"--tls-verify,--tlsverify,--tls", Meaning::tls},
    {"--src-tls-verify,--dest-tls-verify,--from-tls-verify,--to-tls-verify", Meaning::tls_of_end},
    {"-k,--insecure-skip-tls-verify,--skip-tls-verify,--insecure-registry,--no-tls-verify",
     Meaning::rename, Value::none, "--insecure"},
    {"--from-insecure,--to-insecure,--src-insecure,--dest-insecure,--src-no-tls-verify,"
     "--dest-no-tls-verify",
     Meaning::tls_of_end, Value::none, "false"},
    {"--http,--use-http,--allow-http,--no-tls,--no-https,--nonssl", Meaning::rename, Value::none,
     "--plain-http"},
    {"--from-plain-http,--to-plain-http,--src-plain-http,--dest-plain-http", Meaning::tls_of_end,
     Value::none, "http"},
    {"--src-strict-tls,--dest-strict-tls", Meaning::drop, Value::none, k_verified},
    {"--cacert,--ca-cert,--tlscacert,--cafile,--from-ca-file,--to-ca-file", Meaning::rename,
     Value::wanted, "--ca-file"},
    {"--cert,--tlscert,--cert-file,--from-cert-file,--to-cert-file", Meaning::rename, Value::wanted,
     "--client-cert"},
    {"--key,--tlskey,--key-file,--from-key-file,--to-key-file", Meaning::rename, Value::wanted,
     "--client-key"},
    {"--cert-dir,--src-cert-dir,--dest-cert-dir", Meaning::drop, Value::wanted,
     "certificates are read from certs.d folders as Docker does, or named with --ca-file, "
     "--client-cert and --client-key"},
    // credentials
    {"--creds,--user", Meaning::login, Value::wanted},
    {"--src-creds,--dest-creds,--screds,--dcreds,--src-username,--dest-username,--from-username,"
     "--to-username,--source-creds",
     Meaning::login_of_end, Value::wanted},
    {"--pass,--passwd,--pwd,--src-password,--dest-password,--from-password,--to-password,"
     "--identity-token,--registry-token,--src-registry-token,--dest-registry-token",
     Meaning::secret, Value::wanted},
    {"--pass-stdin,--src-password-stdin,--dest-password-stdin,--from-password-stdin,"
     "--to-password-stdin",
     Meaning::rename, Value::none, "--password-stdin"},
    {"--authfile,--src-authfile,--dest-authfile,--registry-config,--from-registry-config,"
     "--to-registry-config",
     Meaning::variable, Value::wanted, "REGISTRY_AUTH_FILE"},
    {"--no-creds,--src-no-creds,--dest-no-creds", Meaning::drop, Value::none,
     "regctl logs in where a registry asks for it and a credential is there"},
    {"--host", Meaning::variable, Value::wanted, "DOCKER_HOST"},
    {"--src-daemon-host,--dest-daemon-host,-H", Meaning::variable, Value::wanted, "DOCKER_HOST"},
    // source and destination
    {"-o,--output,--out,--dest-file", Meaning::to_file, Value::wanted},
    {"-i,--input", Meaning::from_file, Value::wanted},
    {"--src,--source,--from", Meaning::from_file, Value::wanted},
    {"--dest,--dst,--destination,--to,--target", Meaning::to_file, Value::wanted},
    // retries, output and the like
    {"--retries,--retry-times,--max-retries,--retry-max", Meaning::rename, Value::wanted,
     "--retry"},
    {"--retry-delay,--retry-wait,--backoff", Meaning::drop, Value::wanted,
     "pauses between tries grow by themselves, and Retry-After is obeyed"},
    {"--proc,--procs,--parallel,--parallelism,--concurrency,--threads,--workers,"
     "--image-parallel-copies,--max-concurrent-tags,--max-concurrent-downloads,"
     "--max-concurrent-uploads",
     Meaning::rename, Value::wanted, "--jobs"},
    {"--command-timeout,--http-timeout", Meaning::drop, Value::wanted,
     "--timeout SECONDS ends what stands still"},
    {"--log-level,--verbosity,--loglevel", Meaning::rename, Value::none, "--verbose"},
    {"-D,-d,--trace", Meaning::rename, Value::none, "--debug"},
    {"--json", Meaning::json},
    {"-V", Meaning::rename, Value::none, "--version"},
    {"--silent,-s", Meaning::rename, Value::none, "--quiet"},
    {"--dryrun,--just-print", Meaning::rename, Value::none, "--dry-run"},
    {"--delete,--remove-extra", Meaning::drop, Value::none,
     "--prune removes what the source no longer has, under a limit"},
    {"--tags-pattern,--tag-filter,--include-tags", Meaning::rename, Value::wanted, "--include-tag"},
    {"--skip-tags,--skip-tags-pattern,--exclude-tags", Meaning::rename, Value::wanted,
     "--exclude-tag"},
    {"--images,--auth", Meaning::drop, Value::wanted, "a mirror file says it, regctl-mirror(5)"},
    {"--all-repos,--all-repositories", Meaning::drop, Value::none,
     "a registry's name alone stands for all of it"},
    // platforms
    {"--platform", Meaning::drop, Value::wanted,
     "--platform is of the commands that read one image"},
    {"--override-arch,--arch", Meaning::rename, Value::wanted, "--platform"},
    {"--override-os,--override-variant,--os,--variant", Meaning::drop, Value::wanted,
     "--platform OS/ARCH/VARIANT says all of it"},
    {"--all,--all-platforms", Meaning::drop, Value::none, k_all_platforms},
    {"--multi-arch", Meaning::drop, Value::wanted, k_all_platforms},
    // always done, or done by nobody
    {"--include-external", Meaning::drop, Value::none,
     "layers that lie elsewhere stay where they are"},
    {"--recursive,-r", Meaning::drop, Value::none, "what lies below comes along anyway"},
    {"--digest-tags,--force-recursive,--fast", Meaning::drop, Value::none,
     "an image is copied whole, and what is there already is not sent again"},
    {"--referrers", Meaning::drop, Value::none,
     "regctl copy --referrers and regctl mirror take along what refers to an image"},
    {"--preserve-digests,--digests", Meaning::drop, Value::none, k_all_kept},
    {"--dest-compress,--dest-decompress,--dest-precompute-digests,--dest-force-compress-format,"
     "--dest-oci-accept-uncompressed-layers",
     Meaning::drop, Value::none, k_all_kept},
    {"--dest-compress-format,--dest-compress-level,--src-shared-blob-dir,--dest-shared-blob-dir",
     Meaning::drop, Value::wanted, k_all_kept},
    {"--remove-signatures,--insecure-policy,--disable-content-trust", Meaning::drop, Value::none,
     k_no_trust},
    {"--sign-by,--policy,--registries.d,--registries-conf,--sign-passphrase-file", Meaning::drop,
     Value::wanted, k_no_trust},
    {"--keep-going", Meaning::drop, Value::none, k_goes_on},
    {"--no-prune,--no-tags", Meaning::drop, Value::none, "regctl does not do that anyway"},
    {"--limit,--last,--page-size", Meaning::drop, Value::wanted,
     "lists are whole: … | head shows the beginning"},
    {"--no-index,--list-tags", Meaning::drop, Value::none, "regctl does that anyway"},
    {"--blob-chunk,--blob-max", Meaning::rename, Value::wanted, "--chunk-size"},
    {"--distribution-spec,--image-spec", Meaning::drop, Value::wanted,
     "regctl finds out what the registry takes"},
};

} // namespace

std::span<const ForeignCommand> foreign_commands() noexcept {
  return k_commands;
}

std::span<const ForeignFlag> foreign_flags() noexcept {
  return k_flags;
}

} // namespace regctl::cli
