// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/ops/session.hpp>
#include <regctl/registry/registries.hpp>

namespace regctl::ops {

namespace {

http::ClientOptions with_settings(http::ClientOptions options, const http::Settings& settings) {
  options.settings = [&settings](const std::string& host_port) {
    const auto found = settings.for_host(host_port);
    return http::HostSettings{!found.insecure, found.ca_file, found.client_cert, found.client_key};
  };
  return options;
}

} // namespace

// The client refers to options_.settings, which lives as long as the session.
Session::Session(SessionOptions options, Progress& progress)
    : options_(std::move(options)), progress_(progress), credentials_(options_.credentials),
      client_(with_settings(options_.client, options_.settings)),
      registries_(
          std::make_unique<registry::Registries>(client_, credentials_, options_.settings)) {
  if (options_.api == Api::v2) {
    throw Error(ErrorKind::unsupported, "this version of regctl does not speak protocol v2 yet",
                "leave out --api v2");
  }
}

Session::~Session() = default;

} // namespace regctl::ops
