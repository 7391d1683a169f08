// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/counts.hpp"
#include "cli/places.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/user_folders.hpp>
#include <regctl/server/original_config.hpp>

#include <memory>
#include <optional>
#include <ostream>

namespace regctl::cli {

namespace {

constexpr long k_most_connections = 100'000;

struct ServeFlags {
  std::string listen;
  std::string port_file;
  std::optional<std::string> storage;
  std::string tls_cert;
  std::string tls_key;
  std::string htpasswd;
  std::string access_log;
  std::string mirror_source;
  server::ServerOptions options; ///< options whose text has no form for "not given"
};

/// The default folder of a tree: $XDG_DATA_HOME/regctl/storage.
std::string default_storage(const Console& console) {
  const auto data = data_folder(console.environment);
  if (!data) {
    throw Error(ErrorKind::usage, "without $HOME there is no usual place for a storage tree",
                "name its folder with --storage DIR");
  }
  return (*data / "regctl" / "storage").string();
}

/// The folder to serve. The default is used only if the user named none: in place of a named one it
/// would be served as an empty registry.
std::string choose_storage(const ServeFlags& flags, const std::string& config,
                           const std::string& configured, const Console& console) {
  if (flags.storage) {
    return *flags.storage;
  }
  if (!configured.empty()) {
    return configured;
  }
  if (!config.empty()) {
    throw Error(ErrorKind::usage, "'" + config + "' names no storage_path",
                "write storage_path there, or name the folder with --storage DIR");
  }
  return default_storage(console);
}

void write_port_file(const std::string& path, std::uint16_t port) {
  if (!path.empty()) {
    AtomicFile file(path);
    file.write(as_bytes(std::to_string(port) + "\n"));
    file.commit();
  }
}

/// Combines the original's settings with the flags, which have priority.
server::OriginalSettings settle(const ServeFlags& flags, Context& context,
                                server::ServerOptions& options) {
  const auto& console = context.console();
  const auto& environment = console.environment;
  auto config = context.globals().config;
  if (config.empty()) {
    config = environment("DOCKER_REGISTRY_CONFIG").value_or("");
  }
  options = flags.options;
  options.timeout =
      std::chrono::duration_cast<std::chrono::seconds>(context.globals().stall_timeout);
  auto settings = server::read_original_settings(config, environment, options);
  replace_if_given(options.listen, flags.listen);
  options.storage = choose_storage(flags, config, options.storage, console);
  if (flags.storage) { // the settings are those of another place
    options.bucket.reset();
  }
  replace_if_given(options.tls_cert, flags.tls_cert);
  replace_if_given(options.tls_key, flags.tls_key);
  replace_if_given(options.htpasswd, flags.htpasswd);
  replace_if_given(options.access_log, flags.access_log);
  replace_if_given(settings.mirror_source, flags.mirror_source);
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    throw Error(ErrorKind::usage, "--tls-cert and --tls-key go together");
  }
  if (options.read_only && !settings.mirror_source.empty()) {
    throw Error(ErrorKind::usage, "--read-only with a mirror's source: what is fetched is stored",
                "leave out one of them");
  }
  if (options.public_read && !settings.mirror_source.empty()) {
    throw Error(
        ErrorKind::usage,
        "--public-read with a mirror's source: what is private there would be read here by "
        "everybody",
        "leave out one of them; a second server with --public-read can serve the same tree");
  }
  if (options.public_read && options.htpasswd.empty()) {
    throw Error(ErrorKind::usage, "--public-read without --htpasswd: everybody reads anyway",
                "leave out --public-read, or name the users with --htpasswd");
  }
  return settings;
}

/// " (3 repositories, read-only)".
std::string about(std::optional<std::size_t> repositories, bool is_read_only) {
  std::string text;
  if (repositories) {
    text = number_of(*repositories, "repository", "repositories");
  }
  if (is_read_only) {
    text += text.empty() ? "read-only" : ", read-only";
  }
  return text.empty() ? text : " (" + text + ")";
}

ExitCode run_serve(const ServeFlags& flags, Context& context) {
  server::ServerOptions options;
  const auto settings = settle(flags, context, options);
  context.keep_config();
  const auto scheme = options.tls_cert.empty() ? "http" : "https";
  context.verbs().serve(
      options, settings.mirror_source,
      [&](const server::Server& server) {
        write_port_file(flags.port_file, server.port());
        const auto host = options.listen.substr(0, options.listen.rfind(':'));
        context.note("serving '" + options.storage + "'" +
                     about(server.repositories(), options.read_only) + " at " + scheme + "://" +
                     (host.empty() ? "[::]" : host) + ":" + std::to_string(server.port()));
      },
      [&](const std::string& sentence) { context.note(sentence); });
  return ExitCode::ok;
}

Action add_serve(Arguments& arguments) {
  auto flags = std::make_shared<ServeFlags>();
  auto& options = flags->options;
  arguments.value("-l,--listen", "ADDR:PORT", flags->listen,
                  "Listen here (default 127.0.0.1:5000); port 0 takes a free one, no address "
                  "means everywhere");
  arguments.value("--port-file", "FILE", flags->port_file,
                  "Write the port here once the server is ready");
  arguments.value(
      "-s,--storage", "DIR",
      [&flags = *flags](const std::string& text) { flags.storage = parse_storage_folder(text); },
      "The storage tree, also s3://BUCKET/PREFIX, made if it is not there (default "
      "$XDG_DATA_HOME/regctl/storage)");
  arguments.values(
      "--host", "NAME",
      [&options](const std::string& text) {
        server::check_host_name(text);
        options.hosts.push_back(text);
      },
      "Answer only to this name of the server (NAME or NAME:PORT), and to loopback's; may be given "
      "again");
  arguments.flag("--read-only", options.read_only, "Refuse whatever would change the tree");
  arguments.value("--tls-cert", "FILE", flags->tls_cert,
                  "Speak https with this certificate and its chain (PEM)");
  arguments.value("--tls-key", "FILE", flags->tls_key, "The certificate's key (PEM)");
  arguments.value("--htpasswd", "FILE", flags->htpasswd,
                  "Let in only the users of this file, written by htpasswd -B");
  arguments.flag("--public-read", options.public_read,
                 "With --htpasswd: let everybody read repositories that are not private");
  arguments.flag("--open", options.open,
                 "Listen beyond loopback although there is no TLS or no --htpasswd");
  arguments.value("--access-log", "FILE", flags->access_log,
                  "Write a line for each request; '-' is standard output");
  arguments.value("--access-log-format", "combined|json",
                  choice("combined|json",
                         [&options](std::size_t i) {
                           options.log_format =
                               i == 0 ? server::LogFormat::combined : server::LogFormat::json;
                         }),
                  "How those lines look (default combined)");
  arguments.value("--mirror-source", "URL", flags->mirror_source,
                  "Fetch what is missing here from this v1 registry, and keep it");
  arguments.flag("--require-checksum", options.require_checksum,
                 "Take no layer of which the mirror's source tells no checksum");
  arguments.value("--connections", "N",
                  number(1, k_most_connections,
                         [&options](long n) { options.connections = static_cast<std::size_t>(n); }),
                  "How many connections at the same time; further ones get 503 (default 512)");
  return [flags](Context& context) { return run_serve(*flags, context); };
}

} // namespace

Command serve_command() {
  return {{.name = "serve",
           .aliases = {},
           .summary = "Serve a storage tree of docker-registry as a v1 registry",
           .details = "Takes over the folder of an old docker-registry as it is, or begins a new "
                      "one. The original's config.yml is read with --config, and its environment "
                      "variables count. SIGTERM ends what runs and stops; SIGHUP reads certificate "
                      "and users again.",
           .examples = {"regctl serve --storage /srv/registry",
                        "regctl serve --listen :5000 --tls-cert cert.pem --tls-key key.pem "
                        "--htpasswd users"}},
          add_serve};
}

} // namespace regctl::cli
