// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/removal.hpp"

#include "registry/status.hpp"
#include "registry/v2/manifests.hpp"
#include "registry/v2/pages.hpp"
#include "registry/v2/referrers.hpp"
#include "registry/v2/throw_away.hpp"
#include "registry/v2/upload.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/oci/media_type.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace regctl::registry::v2 {

namespace {

/// What a registry says to DELETE of a manifest.
enum class Removal { done, absent, not_by_this, off };

/// Sends DELETE. Registries want the scope "delete" alone; Quay's token service refuses every
/// request that holds it, and knows "*".
Removal send_delete(AuthorizedSession& session, const oci::ManifestName& name,
                    const std::string& what) {
  const auto request = session.request(
      http::Method::remove,
      "manifests/" + (name.digest() ? name.to_string() : http::percent_encode(name.to_string())));
  const auto send = [&] {
    try {
      return session.send(request, session.scopes("delete"));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::denied && error.kind() != ErrorKind::protocol) {
        throw;
      }
    }
    return session.send(request, session.scopes("*"));
  };
  auto response = send();
  const int status = response.status;
  if (status == 401 || status == 403 || status == 429 || status >= 500) {
    session.fail(response, what);
  }
  http::discard_body(response);
  if (http::is_success(status)) {
    return Removal::done;
  }
  return status == 404 ? Removal::absent : status == 405 ? Removal::off : Removal::not_by_this;
}

[[noreturn]] void throw_off(const AuthorizedSession& session, const std::string& what) {
  throw Error(ErrorKind::unsupported,
              what + ": " + session.connection().host + " removes nothing (405)",
              "whoever runs it can allow that, in distribution by storage.delete.enabled; a cache "
              "and a read-only registry never do");
}

/// Whether the registry removes manifests by digest: asked for one that does not exist.
bool removes_digests(AuthorizedSession& session, const std::string& what) {
  const auto absent = oci::Digest::find_hex(std::string(64, '0'));
  return send_delete(session, absent.value(), what) != Removal::off;
}

/// Finds out which manifests are one, or are indexes that name it at any depth. Each index is read
/// once.
class Naming {
public:
  Naming(AuthorizedSession& session, oci::Digest digest)
      : session_(session), digest_(std::move(digest)) {}

  /// True for an index that is not known to the end, since indexes lie too deep, or are too many.
  bool names(const oci::Descriptor& manifest, std::size_t depth = 0) {
    if (manifest.digest == digest_) {
      return true;
    }
    if (!manifest.media_type.empty() && !oci::is_index(manifest.media_type)) {
      return false;
    }
    const auto [known, is_new] = known_.try_emplace(manifest.digest, false); // in a circle: false
    if (is_new) {
      known->second = depth > oci::k_max_index_depth || known_.size() > k_most_indexes ||
                      names_below(manifest.digest, depth);
    }
    return known->second;
  }

private:
  static constexpr std::size_t k_most_indexes = 10'000;

  bool names_below(const oci::Digest& index, std::size_t depth) {
    const auto document = read_manifest(session_, index);
    if (!document) {
      return false;
    }
    const auto children =
        oci::Manifest::parse(document->bytes, document->media_type, "an index").manifests;
    return std::any_of(children.begin(), children.end(),
                       [&](const oci::Descriptor& child) { return names(child, depth + 1); });
  }

  AuthorizedSession& session_;
  const oci::Digest digest_;
  std::map<oci::Digest, bool> known_; ///< whether an index names it
};

/// The other tags whose manifest is `digest`, or an index that names it.
std::vector<std::string> find_sharing(AuthorizedSession& session, const std::string& tag,
                                      const oci::Digest& digest) {
  std::vector<std::string> sharing;
  Naming naming(session, digest);
  list_tags(session, [&](const std::vector<std::string>& tags) {
    for (const auto& other : tags) {
      if (other == tag) {
        continue;
      }
      const auto found = find_manifest(session, oci::ManifestName::tag(other));
      if (found && naming.names(*found)) {
        sharing.push_back(other);
      }
    }
  });
  return sharing;
}

std::string print_some(const std::vector<std::string>& tags) {
  constexpr std::size_t k_most = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(tags.size(), k_most); ++i) {
    text += (i == 0 ? "" : ", ") + tags[i];
  }
  return tags.size() > k_most ? text + " and " + std::to_string(tags.size() - k_most) + " more"
                              : text;
}

/// Removes a tag of a registry that removes digests alone.
void remove_by_digest(AuthorizedSession& session, const std::string& tag, const std::string& what) {
  const auto found = find_manifest(session, oci::ManifestName::tag(tag));
  if (!found) {
    throw Error(ErrorKind::not_found, "there is no tag " + session.describe() + ":" + tag);
  }
  const auto sharing = find_sharing(session, tag, found->digest);
  if (sharing.empty()) {
    remove_manifest(session, found->digest);
    return;
  }
  if (session.connection().options.shared_digest == SharedDigest::refuse) {
    throw Error(
        ErrorKind::unsupported,
        what + ": " + session.connection().host +
            " removes only digests, and this one has other tags as well: " + print_some(sharing),
        "--replace-tag puts a throw-away manifest under the tag and removes that");
  }
  const auto original = read_manifest(session, oci::ManifestName::tag(tag));
  const auto replacement = put_throw_away(session, tag);
  try {
    remove_manifest(session, replacement);
  } catch (const Error&) {
    if (original) {
      put_manifest(session, *original, oci::ManifestName::tag(tag));
    }
    throw;
  }
}

/// The subject of a manifest; nothing if it has none, is not there, or cannot be read.
std::optional<oci::Digest> subject_of(AuthorizedSession& session, const oci::Digest& digest) {
  try {
    const auto document = read_manifest(session, digest);
    if (!document) {
      return std::nullopt;
    }
    const auto manifest =
        oci::Manifest::parse(document->bytes, document->media_type, digest.to_string());
    return manifest.subject ? std::optional(manifest.subject->digest) : std::nullopt;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol && error.kind() != ErrorKind::integrity) {
      throw;
    }
    return std::nullopt;
  }
}

/// Calls `on_tag` for each tag that names a manifest. Servers list others too: Distribution 2.8
/// leaves some behind in a bucket.
void for_each_tag(
    AuthorizedSession& session,
    const std::function<void(const std::string& tag, const oci::Digest& digest)>& on_tag) {
  std::vector<std::string> tags;
  list_tags(session, [&](const std::vector<std::string>& names) {
    tags.insert(tags.end(), names.begin(), names.end());
  });
  for (const auto& tag : tags) {
    if (const auto found = find_manifest(session, oci::ManifestName::tag(tag))) {
      on_tag(tag, found->digest);
    }
  }
}

/// Throws if a tag still names a manifest.
void check_nothing_left(AuthorizedSession& session, const std::string& what) {
  std::vector<std::string> left;
  try {
    for_each_tag(session, [&](const std::string& tag, const oci::Digest&) { left.push_back(tag); });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) { // the repository is gone as well
      throw;
    }
  }
  if (!left.empty()) {
    throw Error(ErrorKind::unsupported, what + ": " + session.connection().host +
                                            " refuses to remove some of it, and " +
                                            print_some(left) + " is left");
  }
}

} // namespace

void list_tags(AuthorizedSession& session, const OciRepository::OnTags& on_tags) {
  const auto what = "the list of tags of " + session.describe();
  read_pages(session, session.request(http::Method::get, "tags/list"), k_page_size,
             session.scopes("pull"), what, [&](WholeAnswer& page) {
               if (page.response.status == 404) {
                 http::discard_body(page.response);
                 throw Error(ErrorKind::not_found, "there is no repository " + session.describe());
               }
               if (page.response.status != 200) {
                 session.fail(page.response, "cannot list the tags of " + session.describe());
               }
               auto tags = read_names(page.body, "tags", what);
               // Artifactory lists digests too.
               std::erase_if(tags, [](const std::string& tag) { return !is_tag(tag); });
               on_tags(tags);
             });
}

void remove_manifest(AuthorizedSession& session, const oci::Digest& digest) {
  const auto what = "cannot remove " + session.describe() + "@" + digest.to_string();
  const auto subject = subject_of(session, digest);
  switch (send_delete(session, digest, what)) {
  case Removal::done:
    if (const auto empty = subject ? unlist_referrer(session, digest, *subject) : std::nullopt) {
      send_delete(session, *empty, what); // which may stay where this fails
    }
    return;
  case Removal::absent:
    throw Error(ErrorKind::not_found,
                "there is no manifest " + session.describe() + "@" + digest.to_string());
  case Removal::off:
    throw_off(session, what);
  case Removal::not_by_this:
    throw Error(ErrorKind::unsupported,
                what + ": " + session.connection().host + " refuses to remove it");
  }
}

void remove_tag(AuthorizedSession& session, const std::string& tag) {
  const auto what = "cannot remove tag " + session.describe() + ":" + tag;
  switch (send_delete(session, oci::ManifestName::tag(tag), what)) {
  case Removal::done:
    return;
  case Removal::absent:
    throw Error(ErrorKind::not_found, "there is no tag " + session.describe() + ":" + tag);
  case Removal::off:
    if (!removes_digests(session, what)) {
      throw_off(session, what);
    }
    break;
  case Removal::not_by_this:
    break;
  }
  remove_by_digest(session, tag, what);
}

void remove_all_tags(AuthorizedSession& session) {
  std::set<oci::Digest> digests;
  for_each_tag(session,
               [&](const std::string&, const oci::Digest& digest) { digests.insert(digest); });
  const auto what = "cannot remove " + session.describe();
  for (const auto& digest : digests) {
    if (send_delete(session, digest, what) == Removal::off) {
      throw_off(session, what);
    }
  }
  check_nothing_left(session, what);
}

} // namespace regctl::registry::v2
