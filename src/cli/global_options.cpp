// SPDX-License-Identifier: Apache-2.0
#include "cli/global_options.hpp"

namespace regctl::cli {

namespace {

constexpr long k_longest_timeout_s = 24 * 60 * 60;

void add_output_options(Arguments& arguments, GlobalOptions& options) {
  arguments.flag("-h,--help", options.help, "Show this help, or that of the command");
  arguments.flag("--version", options.version, "Show the version");
  arguments.value(
      "--format", "table|json",
      choice("table|json",
             [&options](std::size_t i) { options.format = i == 0 ? Format::table : Format::json; }),
      "Print the result as text (the default) or as one JSON document");
  arguments.flag("-q,--quiet", options.quiet, "Print the result and errors only");
  arguments.flag("-v,--verbose", options.verbose,
                 "Say more, such as which credential is used and from where");
  arguments.flag("--debug", options.debug, "Show requests and answers, secrets masked");
  arguments.flag("--no-progress", options.no_progress,
                 "Print lines instead of bars, also on a terminal");
}

void add_transfer_options(Arguments& arguments, GlobalOptions& options) {
  arguments.value("-j,--jobs", "N",
                  number(1, 64, [&options](long n) { options.jobs = static_cast<std::size_t>(n); }),
                  "How many layers move at the same time, 1 to 64 (default 4)");
  arguments.value(
      "--retry", "N",
      number(0, 100, [&options](long n) { options.retries = static_cast<unsigned>(n); }),
      "How often to try again what may pass (default 5)");
  arguments.value("--timeout", "SECONDS",
                  number(1, k_longest_timeout_s,
                         [&options](long n) { options.stall_timeout = std::chrono::seconds(n); }),
                  "Give up waiting when no byte moves for this long (default 60)");
  arguments.value("--connect-timeout", "SECONDS",
                  number(1, k_longest_timeout_s,
                         [&options](long n) { options.connect_timeout = std::chrono::seconds(n); }),
                  "Give up connecting after this long (default 30)");
}

void add_registry_options(Arguments& arguments, GlobalOptions& options) {
  auto& settings = options.settings;
  arguments.value(
      "--api", "v1|v2",
      choice("v1|v2",
             [&options](std::size_t i) { options.api = i == 0 ? ops::Api::v1 : ops::Api::v2; }),
      "Speak this protocol instead of finding out which one the host speaks");
  arguments.value("--config", "FILE", options.config,
                  "Read this configuration instead of ~/.config/regctl/config.json");
  arguments.flag("--insecure", settings.insecure,
                 "Do not verify certificates, and use plain http where https is not spoken");
  arguments.flag("--plain-http", settings.plain_http, "Use http instead of https");
  arguments.value("--ca-file", "FILE", settings.ca_file,
                  "Trust the certificate authorities in this PEM file");
  arguments.value("--client-cert", "FILE", settings.client_cert,
                  "Show the registry this certificate (PEM)");
  arguments.value("--client-key", "FILE", settings.client_key,
                  "The key of --client-cert, if it is in a file of its own");
  arguments.value(
      "--tls-min", "1.0|1.1|1.2|1.3",
      choice("1.0|1.1|1.2|1.3",
             [&settings](std::size_t i) { settings.tls_min = static_cast<http::TlsVersion>(i); }),
      "Take no older TLS than this one (default 1.2)");
}

void add_login_options(Arguments& arguments, GlobalOptions& options) {
  arguments.value("-u,--username", "NAME", options.username,
                  "Log in under this name; the password is asked for at the terminal, or taken "
                  "from REGCTL_PASSWORD");
  arguments.flag("--password-stdin", options.password_stdin,
                 "Read the password from standard input");
  arguments.refused("-p,--password", "there is no --password: everybody here could see it in ps",
                    "write it to --password-stdin, or set REGCTL_PASSWORD");
}

} // namespace

void add_global_options(Arguments& arguments, GlobalOptions& options) {
  add_output_options(arguments, options);
  add_transfer_options(arguments, options);
  add_registry_options(arguments, options);
  add_login_options(arguments, options);
}

} // namespace regctl::cli
