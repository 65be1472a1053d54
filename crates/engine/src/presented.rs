use crate::{
    credential::{Credential, Source, credentials},
    error::Error,
    form::Form,
};

/// What a browser presents to be logged out with.
pub struct Presented {
    authorization: Option<String>,
    cookie: Option<String>,
    form: Form,
}

impl Presented {
    /// What is in the headers of these names, and in the form.
    pub const fn new(authorization: Option<String>, cookie: Option<String>, form: Form) -> Self {
        Self { authorization, cookie, form }
    }

    /// Every token, wherever it is; of cookies, those with these names.
    ///
    /// # Errors
    /// As [`field`](Self::field).
    pub fn tokens(&self, cookies: &[String]) -> Result<Vec<Credential<'_>>, Error> {
        let (authorization, cookie) = (self.authorization.as_deref(), self.cookie.as_deref());
        let mut tokens: Vec<_> = credentials(authorization, cookie, cookies).collect();
        tokens.extend(self.form.field("token")?.map(|token| Credential { source: Source::Form, token }));
        Ok(tokens)
    }

    /// Every refresh token, in the form and in the cookies with these names.
    ///
    /// # Errors
    /// As [`field`](Self::field).
    pub fn refresh_tokens(&self, cookies: &[String]) -> Result<Vec<Credential<'_>>, Error> {
        let mut tokens: Vec<_> = credentials(None, self.cookie.as_deref(), cookies).collect();
        let posted = self.form.field("refresh_token")?;
        tokens.extend(posted.map(|token| Credential { source: Source::Form, token }));
        Ok(tokens)
    }

    /// The form.
    pub const fn form(&self) -> &Form {
        &self.form
    }

    /// The `Authorization` header.
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// A field of the form that says what is meant: see [`Form::choice`].
    ///
    /// # Errors
    /// [`Error::Parameter`] where it is empty, or there are two.
    pub fn choice(&self, name: &'static str) -> Result<Option<&str>, Error> {
        self.form.choice(name)
    }

    /// A field of the form.
    ///
    /// # Errors
    /// [`Error::Parameter`] where there are two.
    pub fn field(&self, name: &'static str) -> Result<Option<&str>, Error> {
        self.form.field(name)
    }
}
