// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/upload.hpp"

#include "registry/status.hpp"
#include "registry/v2/blobs.hpp"
#include "registry/v2/piece.hpp"
#include "registry/v2/refusal.hpp"
#include "registry/v2/upload_url.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/whole_number.hpp>

#include <algorithm>
#include <utility>

namespace regctl::registry::v2 {

namespace {

constexpr int k_most_losses = 4;
constexpr std::uint64_t k_first_piece_bytes = 8 * 1024 * 1024;
constexpr std::uint64_t k_least_piece_bytes = 16 * 1024;
/// A registry that demands larger pieces than this does not get them.
constexpr std::uint64_t k_most_demanded_bytes = 1024 * 1024 * 1024;

/// What became of one attempt to upload a blob.
enum class Outcome { stored, lost, too_large };

/// The upload of one blob, with all its attempts.
class BlobUploader {
public:
  BlobUploader(AuthorizedSession& session, const oci::BlobUpload& upload)
      : session_(session), facts_(session.connection().facts), upload_(upload), bytes_(upload) {}

  oci::PutBlob run() {
    unsigned failures = 0;
    for (int losses = 0; losses < k_most_losses;) {
      try {
        const auto outcome = go_on_or_begin();
        if (outcome == Outcome::stored) {
          return {digest(), bytes_.size_bytes()};
        }
        cancel();
        if (outcome == Outcome::too_large) {
          make_smaller();
        }
        losses += outcome == Outcome::lost ? 1 : 0;
      } catch (const Error& error) {
        give_up(error, ++failures);
      }
    }
    throw Error(ErrorKind::unavailable,
                what() + ": " + session_.connection().host + " loses the upload each time",
                "if several servers stand behind this name, they have to share their storage and "
                "http.secret");
  }

private:
  [[nodiscard]] std::string what() const {
    return "cannot store " +
           (upload_.digest ? "blob " + upload_.digest->to_string() : std::string("a blob")) +
           " in " + session_.describe();
  }

  /// After the bytes were sent.
  [[nodiscard]] oci::Digest digest() { return upload_.digest ? *upload_.digest : bytes_.digest(); }

  http::Response ask(http::Request request) {
    return session_.send(std::move(request), session_.scopes("pull,push"));
  }

  http::Request request(http::Method method, const http::Url& url) const {
    auto request = session_.request(method, "");
    request.url = url;
    // The registry keeps the bytes of a cut request, but not how many: the upload begins anew.
    request.repeat = http::Repeat::never;
    return request;
  }

  /// Where an earlier attempt, or an earlier run, has left an upload in pieces, it goes on there.
  Outcome go_on_or_begin() {
    if (upload_.digest) {
      const auto kept =
          session_.connection().kept_uploads.take(session_.describe(), *upload_.digest);
      if (kept && find_kept(*kept)) {
        return send_pieces(kept->piece_bytes, kept->sent_bytes);
      }
    }
    begin();
    return send();
  }

  /// Whether the registry still has that upload, with as many bytes as were counted.
  bool find_kept(const KeptUpload& kept) {
    url_ = kept.url;
    is_resumed_ = true;
    keep(kept.sent_bytes, kept.piece_bytes); // for a later attempt, if this one is cut now
    if (ask_for_progress() != kept.sent_bytes) {
      cancel();
      return false;
    }
    keep(kept.sent_bytes, kept.piece_bytes);
    session_.connection().notices.tell("the upload of " + upload_.digest->to_string() + " to " +
                                       session_.describe() + " goes on behind the " +
                                       std::to_string(kept.sent_bytes) +
                                       " bytes that are there from an earlier attempt");
    return true;
  }

  void begin() {
    auto request = session_.request(http::Method::post, "blobs/uploads/");
    request.body = http::text_body("");
    auto response = ask(request);
    if (response.status == 405) {
      throw Error(ErrorKind::unsupported,
                  what() + ": " + session_.connection().host + " takes no uploads (" +
                      error_text(response) + ")",
                  "it may be read-only, or a cache of another registry");
    }
    if (!http::is_success(response.status)) {
      session_.fail(response, what());
    }
    http::discard_body(response);
    url_ = find_upload_url(session_, request.url, response);
    if (!url_) {
      throw Error(ErrorKind::protocol, what() + ": " + session_.connection().host +
                                           " does not say where to send it (no Location)");
    }
    const auto demanded = parse_whole_number<std::uint64_t>(
        response.headers.find("OCI-Chunk-Min-Length").value_or(""));
    least_piece_bytes_ = std::min(demanded.value_or(0), k_most_demanded_bytes);
  }

  Outcome send() {
    const auto limit = facts_.chunk_bytes.load();
    const auto chosen = session_.connection().options.chunk_bytes;
    const auto piece_bytes = limit == 0 || chosen == 0 ? limit + chosen : std::min(limit, chosen);
    const bool fits = upload_.size_bytes && *upload_.size_bytes <= piece_bytes;
    if (piece_bytes > 0 && !fits) {
      return send_pieces(std::max(piece_bytes, least_piece_bytes_), 0);
    }
    return upload_.digest ? send_whole() : send_stream();
  }

  /// One PUT with all bytes.
  Outcome send_whole() {
    auto put = request(http::Method::put, with_digest(*url_, *upload_.digest));
    put.headers.add("Content-Type", "application/octet-stream");
    put.body = http::Body{[this] { return bytes_.open(); }, upload_.size_bytes};
    auto response = ask(std::move(put));
    return judge_end(response);
  }

  /// One PATCH with all bytes, and then PUT.
  Outcome send_stream() {
    auto patch = request(http::Method::patch, *url_);
    patch.headers.add("Content-Type", "application/octet-stream");
    patch.body = http::Body{[this] { return bytes_.open(); }, upload_.size_bytes};
    auto response = ask(patch);
    const auto outcome = judge(response);
    if (outcome != Outcome::stored) {
      return outcome;
    }
    if (!upload_.digest && !bytes_.is_complete()) {
      throw Error(ErrorKind::protocol, what() + ": " + session_.connection().host +
                                           " says that it has all bytes before they were sent");
    }
    go_on(patch.url, response);
    return end();
  }

  /// PATCHes with a piece each, from byte `begin` on, and then PUT.
  Outcome send_pieces(std::uint64_t piece_bytes, std::uint64_t begin) {
    const auto source = bytes_.open();
    source->skip(begin);
    for (;;) {
      const Piece kept(*source, piece_bytes);
      for (std::uint64_t sent = 0; sent < kept.size_bytes();) {
        const auto n = std::min(piece_bytes, kept.size_bytes() - sent);
        const auto outcome = send_piece(kept, sent, n, begin + sent);
        if (outcome == Outcome::too_large) {
          piece_bytes = smaller_than(n);
          continue;
        }
        if (outcome != Outcome::stored) {
          return outcome;
        }
        sent += n;
        keep(begin + sent, piece_bytes);
      }
      begin += kept.size_bytes();
      if (kept.is_last()) {
        return end();
      }
    }
  }

  Outcome send_piece(const Piece& kept, std::uint64_t from, std::uint64_t n, std::uint64_t begin) {
    auto patch = request(http::Method::patch, *url_);
    patch.headers.add("Content-Type", "application/octet-stream");
    patch.headers.add("Content-Range", std::to_string(begin) + "-" + std::to_string(begin + n - 1));
    patch.body = http::Body{[&kept, from, n] { return kept.open(from, n); }, n};
    for (unsigned failures = 1;; ++failures) {
      patch.url = *url_;
      try {
        auto response = ask(patch);
        const auto outcome = judge(response);
        if (outcome == Outcome::stored) {
          go_on(patch.url, response);
        }
        return outcome;
      } catch (const Error& error) {
        session_.connection().transport.pause_or_throw(error, failures);
      }
      const auto received = ask_for_progress();
      if (received == begin + n) {
        return Outcome::stored;
      }
      if (received != begin) {
        return Outcome::lost;
      }
    }
  }

  /// How many bytes the registry says it has; nothing if it does not know the upload any more.
  std::optional<std::uint64_t> ask_for_progress() {
    const auto get = request(http::Method::get, *url_);
    auto response = ask(get);
    http::discard_body(response);
    const auto range = response.headers.find("Range").value_or("");
    if (!http::is_success(response.status) || range.find('-') == std::string::npos) {
      return std::nullopt;
    }
    go_on(get.url, response);
    const auto last =
        parse_whole_number<std::uint64_t>(std::string_view(range).substr(range.find('-') + 1));
    // "0-0" stands for nothing and for one byte; no piece is that small.
    return last ? std::optional(*last == 0 ? 0 : *last + 1) : std::nullopt;
  }

  /// The empty PUT that names the digest.
  Outcome end() {
    auto put = request(http::Method::put, with_digest(*url_, digest()));
    put.headers.add("Content-Type", "application/octet-stream");
    put.body = http::text_body("");
    auto response = ask(std::move(put));
    return judge_end(response);
  }

  /// Every answer may name another URL: only the newest one is good.
  void go_on(const http::Url& asked, const http::Response& response) {
    if (auto next = find_upload_url(session_, asked, response)) {
      url_ = std::move(next);
    }
  }

  void keep(std::uint64_t sent_bytes, std::uint64_t piece_bytes) {
    is_kept_ = upload_.digest &&
               session_.connection().kept_uploads.keep(session_.describe(), *upload_.digest,
                                                       {*url_, sent_bytes, piece_bytes});
  }

  void forget() {
    if (std::exchange(is_kept_, false)) {
      session_.connection().kept_uploads.forget(session_.describe(), *upload_.digest);
    }
  }

  void cancel() {
    forget();
    is_resumed_ = false;
    cancel_upload(session_, std::exchange(url_, std::nullopt));
  }

  /// What the answer to bytes means: `stored` if they were taken. Throws for any other refusal.
  Outcome judge(http::Response& response) {
    const int status = response.status;
    if (http::is_success(status)) {
      http::discard_body(response);
      return Outcome::stored;
    }
    const auto codes = read_codes(response);
    const bool is_wrong = has_code(codes, "DIGEST_INVALID");
    if (is_wrong && !is_resumed_) {
      throw Error(ErrorKind::integrity, what() + ": " + session_.connection().host +
                                            " got other bytes than those of this digest (" +
                                            error_text(response) + ")");
    }
    // Of the earlier bytes of a resumed upload nobody knows here whether they arrived whole.
    const bool is_lost = is_wrong || status == 404 || status == 416 ||
                         has_code(codes, "BLOB_UPLOAD_UNKNOWN") ||
                         has_code(codes, "BLOB_UPLOAD_INVALID");
    if (status == 413) {
      http::discard_body(response);
      return Outcome::too_large;
    }
    if (is_lost) {
      return Outcome::lost;
    }
    session_.fail(response, what());
  }

  Outcome judge_end(http::Response& response) {
    const auto outcome = judge(response);
    if (outcome == Outcome::lost && find_blob(session_, digest())) {
      return Outcome::stored; // somebody else has stored it meanwhile. Source: nexus-public#967
    }
    if (outcome == Outcome::stored) {
      forget();
      url_.reset();
      const auto told =
          oci::Digest::find(response.headers.find("Docker-Content-Digest").value_or(""));
      if (told && told->algorithm() == digest().algorithm() && *told != digest()) {
        throw Error(ErrorKind::integrity, what() + ": " + session_.connection().host +
                                              " has stored it under another digest, " +
                                              told->to_string());
      }
    }
    return outcome;
  }

  /// After one request with all bytes was too large: later uploads are sent in pieces.
  void make_smaller() { smaller_than(std::min(bytes_.size_bytes(), 2 * k_first_piece_bytes)); }

  /// The size of the pieces after one of `bytes` was too large; later uploads begin with it.
  std::uint64_t smaller_than(std::uint64_t bytes) {
    const auto& host = session_.connection().host;
    const auto least = std::max(k_least_piece_bytes, least_piece_bytes_);
    if (bytes <= least) {
      throw Error(ErrorKind::unsupported,
                  what() + ": " + host + ", or a proxy before it, finds even " +
                      std::to_string(bytes) + " bytes too large (413)",
                  "whoever runs it has to raise the limit for bodies, in nginx "
                  "client_max_body_size");
    }
    const auto smaller = std::max(bytes / 2, least);
    facts_.chunk_bytes = smaller;
    session_.connection().notices.tell(host +
                                       ", or a proxy before it, finds what is sent too "
                                       "large; it goes in pieces of " +
                                       std::to_string(smaller) + " bytes");
    return smaller;
  }

  /// After a failure: cancels what cannot go on, and waits for the next attempt or throws.
  void give_up(const Error& error, unsigned failures) {
    if (!is_kept_) {
      cancel();
    }
    if (bytes_.has_failed()) {
      throw error; // what is to be sent cannot be read
    }
    session_.connection().transport.pause_or_throw(error, failures);
  }

  AuthorizedSession& session_;
  Facts& facts_;
  const oci::BlobUpload& upload_;
  UploadBytes bytes_;
  std::optional<http::Url> url_; ///< where the upload goes on
  std::uint64_t least_piece_bytes_ = 0;
  bool is_kept_ = false;    ///< for the next attempt or run
  bool is_resumed_ = false; ///< it goes on behind bytes of an earlier attempt
};

} // namespace

oci::PutBlob put_blob(AuthorizedSession& session, const oci::BlobUpload& upload) {
  return BlobUploader(session, upload).run();
}

} // namespace regctl::registry::v2
