"""Kibana: the dashboards as data, and the saved objects that are made of it."""
