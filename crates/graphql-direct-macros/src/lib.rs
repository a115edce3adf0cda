//! The macros of `graphql-direct`: they read the same declarations as those of async-graphql, so that a field that is written directly is also a
//! field of the schema, with the same name, type and value.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::{format_ident, quote};
use syn::{
    Attribute, Data, DeriveInput, Error, Fields, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, LitStr, Path, Result,
    parse_macro_input,
};

/// Above `#[Object]`: implements `WriteDirect` for the type, with the methods that take only `&self`. Their return types must implement it
/// too. `#[direct(skip)]` leaves a method out; `#[direct(in_memory = path, of = Type)]` adds one that takes a context or arguments: `path` is a
/// function of the object and the field's context, which returns a `Type` with what the method would return, or `Indirect` if that is not in memory.
#[proc_macro_attribute]
pub fn direct(_: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemImpl);
    object(item).unwrap_or_else(Error::into_compile_error).into()
}

/// Beside `SimpleObject`: implements `WriteDirect` with all fields. Their types must implement it too.
#[proc_macro_derive(WriteDirect)]
pub fn simple_object(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    fields(&item).unwrap_or_else(Error::into_compile_error).into()
}

/// A field that is written directly.
struct Field {
    /// Its name in the schema.
    name: String,
    /// The type of its value.
    of: syn::Type,
    /// The value, of `self` and `out.context(field)`.
    value: Tokens,
}

/// What `#[direct(…)]` says of a method.
enum Marked {
    Skipped,
    InMemory(Box<(Path, syn::Type)>),
}

fn object(mut item: ItemImpl) -> Result<Tokens> {
    let (mut written, mut helpers) = (Vec::new(), Vec::new());
    for part in &mut item.items {
        let ImplItem::Fn(method) = part else { continue };
        let name = name_of(&method.attrs, &method.sig.ident)?;
        match mark(method)? {
            Some(Marked::Skipped) => {}
            Some(Marked::InMemory(read)) => {
                let (path, of) = *read;
                let value = quote!(#path(self, &out.context(field))?);
                written.push(Field { name, of, value });
            }
            None if is_plain(method) => {
                let helper = format_ident!("direct_{}", unraw(&method.sig.ident));
                let (output, body) = (&method.sig.output, &method.block);
                helpers.push(quote!(#[inline] fn #helper(&self) #output #body));
                let of = match output {
                    syn::ReturnType::Type(_, of) => (**of).clone(),
                    syn::ReturnType::Default => return Err(Error::new_spanned(&method.sig, "a field has a type")),
                };
                method.block = syn::parse2(quote!({ self.#helper() }))?;
                written.push(Field { name, of, value: quote!(self.#helper()) });
            }
            None => {}
        }
    }
    let of = &item.self_ty;
    let implementation = implementation(&quote!(#of), &written);
    Ok(quote! {
        #item
        impl #of { #(#helpers)* }
        #implementation
    })
}

fn fields(item: &DeriveInput) -> Result<Tokens> {
    let named = match &item.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(named) => &named.named,
            other => return Err(Error::new_spanned(other, "fields with names are expected")),
        },
        _ => return Err(Error::new_spanned(item, "a struct is expected")),
    };
    let mut written = Vec::new();
    for field in named {
        let Some(ident) = &field.ident else { continue };
        let (name, of) = (name_of(&field.attrs, ident)?, field.ty.clone());
        written.push(Field { name, of, value: quote!(self.#ident) });
    }
    let of = &item.ident;
    Ok(implementation(&quote!(#of), &written))
}

fn implementation(of: &Tokens, fields: &[Field]) -> Tokens {
    let numbers: Vec<_> = (0..fields.len()).collect();
    let names = fields.iter().map(|field| &field.name);
    let values = fields.iter().map(|field| &field.value);
    let types = fields.iter().map(|field| &field.of);
    quote! {
        impl ::graphql_direct::WriteDirect for #of {
            fn plan<'a>(
                selection: ::graphql_direct::Selection<'a>,
                plan: &mut ::graphql_direct::Plan<'a>,
            ) -> ::core::result::Result<(), ::graphql_direct::Indirect> {
                let of = <Self as ::async_graphql::OutputType>::type_name();
                selection.plan(&of, plan, &|name, selection, plan| match name {
                    #(#names => <#types as ::graphql_direct::WriteDirect>::plan(selection, plan).map(|()| #numbers),)*
                    _ => ::core::result::Result::Err(::graphql_direct::Indirect),
                })
            }

            fn write<'a>(
                &self,
                plan: &::graphql_direct::Plan<'a>,
                out: &mut ::graphql_direct::Output<'a>,
            ) -> ::core::result::Result<(), ::graphql_direct::Indirect> {
                out.object::<Self>(plan, |field, out| match field.number() {
                    #(#numbers => ::graphql_direct::WriteDirect::write(&#values, field.plan(), out),)*
                    _ => ::core::result::Result::Err(::graphql_direct::Indirect),
                })
            }
        }
    }
}

/// Whether the value needs nothing but the object.
fn is_plain(method: &ImplItemFn) -> bool {
    method.sig.asyncness.is_some()
        && method.sig.inputs.len() == 1
        && matches!(method.sig.inputs.first(), Some(FnArg::Receiver(_)))
}

/// Takes `#[direct(…)]` off a method.
fn mark(method: &mut ImplItemFn) -> Result<Option<Marked>> {
    let Some(at) = method.attrs.iter().position(|attribute| attribute.path().is_ident("direct")) else {
        return Ok(None);
    };
    let attribute = method.attrs.remove(at);
    let (mut path, mut of, mut is_skipped) = (None, None, false);
    attribute.parse_nested_meta(|meta| {
        if meta.path.is_ident("skip") {
            is_skipped = true;
        } else if meta.path.is_ident("in_memory") {
            path = Some(meta.value()?.parse::<Path>()?);
        } else if meta.path.is_ident("of") {
            of = Some(meta.value()?.parse::<syn::Type>()?);
        } else {
            return Err(meta.error("`skip`, `in_memory` or `of` is expected"));
        }
        Ok(())
    })?;
    match (path, of, is_skipped) {
        (Some(path), Some(of), false) => Ok(Some(Marked::InMemory(Box::new((path, of))))),
        (None, None, true) => Ok(Some(Marked::Skipped)),
        _ => Err(Error::new_spanned(attribute, "`skip`, or `in_memory` with `of`, is expected")),
    }
}

/// The name in the schema: that of `#[graphql(name = "…")]`, or the identifier in camel case.
fn name_of(attributes: &[Attribute], ident: &Ident) -> Result<String> {
    let mut name = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("graphql")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                name = Some(meta.value()?.parse::<LitStr>()?.value());
                return Ok(());
            }
            // What else async-graphql takes changes no name; but a field that it leaves out must not be written.
            Err(meta.error("graphql-direct knows `name` only"))
        })?;
    }
    Ok(name.unwrap_or_else(|| camel_case(&unraw(ident))))
}

fn unraw(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

fn camel_case(snake: &str) -> String {
    let mut words = snake.split('_').filter(|word| !word.is_empty());
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}
