// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/session.hpp>
#include <regctl/server/server.hpp>

#include <functional>
#include <string>

namespace regctl::ops {

/// Serves a storage tree until a signal says stop (server::Server::run_until_told). What is missing
/// in it is fetched from `mirror_source`, a URL or "HOST[:PORT]", unless that is empty. `on_ready`
/// is called once requests are taken; `note` with sentences for whoever runs the server, from any
/// thread. Throws what server::Server does.
void serve(Session& session, const server::ServerOptions& options, const std::string& mirror_source,
           const std::function<void(const server::Server&)>& on_ready,
           const std::function<void(const std::string&)>& note);

} // namespace regctl::ops
