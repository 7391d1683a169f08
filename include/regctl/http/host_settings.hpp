// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace regctl::http {

/// Versions of TLS, oldest first.
enum class TlsVersion { v1_0, v1_1, v1_2, v1_3 };

/// A client certificate.
struct ClientCertificate {
  std::string file; ///< PEM
  std::string key;  ///< PEM; empty: in the same file

  bool operator==(const ClientCertificate&) const = default;
};

/// TLS settings for one host; looked up for each connection.
struct HostSettings {
  bool verify_tls = true;
  /// PEM files; trusted in addition to the system's folder of authorities, if there is one. A file
  /// that is not PEM adds none.
  std::vector<std::string> ca_files;
  /// Tried in this order. The first that the host accepts is used from then on.
  std::vector<ClientCertificate> client_certificates;
  /// Below 1.2, old ciphers, keys and signatures are accepted too.
  TlsVersion tls_min = TlsVersion::v1_2;
};

} // namespace regctl::http
