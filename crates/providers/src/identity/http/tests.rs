use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::*;

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// The certificate of an authority, and the TLS of a server with a certificate of it for `host`.
fn authority(host: &str) -> (CertificateDer<'static>, Arc<ServerConfig>) {
    let own = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&own).unwrap().der().clone();
    let (issuer, key) = (Issuer::new(params, own), KeyPair::generate().unwrap());
    let certificate = CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    (root, Arc::new(config))
}

/// A provider with this TLS, which answers `{}` to everything. Returns its address.
async fn serve(config: Arc<ServerConfig>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = TlsAcceptor::from(Arc::clone(&config)).accept(stream).await else { continue };
            let _request = stream.read(&mut [0; 4_096]).await;
            let _sent = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        }
    });
    address
}

/// A client that trusts this authority alone.
fn trusting(root: CertificateDer<'static>) -> HttpClient {
    let mut roots = RootCertStore::empty();
    roots.add(root).unwrap();
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let connector = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build();
    HttpClient::over(connector, Timeouts::default())
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_or_of_another_host_is_refused() {
    let (root, config) = authority("localhost");
    let address = serve(config).await;
    let reply = trusting(root.clone()).get(&address, None).await.unwrap();
    assert_eq!(reply.status, StatusCode::OK);
    let (other_root, other_host) = authority("id.example.org");
    let refused = [
        HttpClient::new(Timeouts::default()).unwrap().get(&address, None).await,
        trusting(other_root.clone()).get(&address, None).await,
        trusting(other_root).get(&serve(other_host).await, None).await,
    ];
    for answer in refused {
        let Err(IdentityError::Unavailable(reason)) = answer else { panic!("it is not refused") };
        assert!(reason.contains("certificate"), "{reason}");
    }
}
