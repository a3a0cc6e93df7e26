-- riders 3 by city
-- engine: direct
-- ordered

SELECT city, count(*), sum(fare), max(distance) FROM trips WHERE riders = 3 GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",18,"216.67",28.3335]
-- ["Berlin",14,"364.36",2.5]
-- ["Kyiv",22,"269.71",24.9077]
-- ["Lima",15,"193.79",2.5]
-- ["Oslo",12,"273.99",29.3009]
-- ["Paris",16,"387.25",27.7935]
-- ["Quito",25,"501.16",26.5566]
-- ["São Paulo",22,"372.39",27.3996]
-- ["Zürich",15,"192.91",29.9428]
-- [null,11,"265.21",26.1671]
-- rows of newest
-- ["Accra",12,"152.41",28.3335]
-- ["Berlin",8,"208.83",2.5]
-- ["Kyiv",13,"160.19",24.9077]
-- ["Lima",10,"170.29",2.5]
-- ["Oslo",6,"90.44",29.3009]
-- ["Paris",12,"282.08",26.9895]
-- ["Quito",11,"318.6",26.5566]
-- ["São Paulo",9,"191.87",23.3756]
-- ["Zürich",8,"58.24",29.9428]
-- [null,5,"79.72",16.417]
