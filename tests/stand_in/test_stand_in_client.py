"""Google's own client and sign-in library get along with the stand-in, their known trap included."""

import json
import ssl
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

import httplib2
import pytest
import trustme
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from google_auth_oauthlib.flow import InstalledAppFlow
from googleapiclient.discovery import build_from_document
from googleapiclient.http import BatchHttpRequest, MediaInMemoryUpload
from servers.google import Account, Break, Google
from servers.google.discovery import read_bytes, write_bytes

COMPOSE = "https://www.googleapis.com/auth/gmail.compose"
ADA = "ada@example.com"
RAW = b"To: bo@acme.example\r\nSubject: Hi\r\n\r\nHello\r\n"
DRAFT = {"message": {"raw": write_bytes(RAW)}}


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A certificate authority's file; its server certificate lies beside it."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    made.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    return tmp_path / "ca.pem"


@pytest.fixture
def google(authority: Path) -> Iterator[Google]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.with_name("server.pem"))
    with Google(context=context) as google:
        google.add_account(ADA)
        yield google


@pytest.fixture
def ada(google: Google) -> Account:
    return google.accounts[ADA]


@pytest.fixture
def gmail(google: Google, authority: Path) -> Iterator[Any]:
    place = files("googleapiclient") / "discovery_cache" / "documents" / "gmail.v1.json"
    document = json.loads(place.read_text()) | {"rootUrl": google.root_url, "baseUrl": google.root_url}
    del document["mtlsRootUrl"]
    credentials: Any = Credentials
    with closing(httplib2.Http(ca_certs=str(authority), timeout=5)) as line:
        allowed = AuthorizedHttp(credentials(**google.grant(ADA, COMPOSE)), line)
        yield build_from_document(document, http=allowed).users()


def test_drafts_are_made_read_and_sent(gmail: Any) -> None:
    drafts = gmail.drafts()
    made = drafts.create(userId="me", body=DRAFT).execute()
    found = drafts.get(userId="me", id=made["id"], format="raw", fields="message(raw)").execute()
    assert read_bytes(found["message"]["raw"]) == RAW
    assert drafts.send(userId="me", body={"id": made["id"]}).execute()["labelIds"] == ["SENT"]


def test_uploads_and_batches_arrive(google: Google, gmail: Any, ada: Account) -> None:
    answers = []
    media = MediaInMemoryUpload(RAW, "message/rfc822")
    gmail.drafts().create(userId="me", media_body=media).execute()
    gmail.drafts().create(userId="me", body={"message": {}}, media_body=media).execute()
    batch = BatchHttpRequest(lambda *answer: answers.append(answer), f"{google.root_url}batch/gmail/v1")
    for draft_id in ada.mailbox.drafts:
        batch.add(gmail.drafts().get(userId="me", id=draft_id))
    batch.execute()
    assert [message.raw for message in ada.mailbox.messages.values()] == [RAW, RAW]
    assert [(answer["id"], error) for _, answer, error in answers] == [
        (draft, None) for draft in ada.mailbox.drafts
    ]


def test_a_sign_in_with_googles_own_library(google: Google, authority: Path) -> None:
    flow = InstalledAppFlow.from_client_config(
        google.client_json(), [COMPOSE], redirect_uri="http://localhost:1/"
    )
    address, _ = flow.authorization_url(prompt="consent")
    came_back = google.consent(address, ADA).replace("http:", "https:", 1)
    with closing(flow.oauth2session):
        tokens = flow.fetch_token(authorization_response=came_back, verify=str(authority))
    assert (tokens["scope"], tokens["token_type"]) == ([COMPOSE], "Bearer")
    assert flow.credentials.refresh_token


def test_the_stock_transport_repeats_a_lost_post_and_the_stand_in_sees_it(
    google: Google, gmail: Any, ada: Account
) -> None:
    drafts = gmail.drafts()
    drafts.list(userId="me").execute()
    google.faults.order(Break.LOST, "POST", "/drafts$")
    drafts.create(userId="me", body=DRAFT).execute(num_retries=0)
    assert (google.count("gmail.users.drafts.create"), len(ada.mailbox.drafts)) == (2, 2)
